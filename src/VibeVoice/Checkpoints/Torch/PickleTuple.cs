namespace VibeVoice.Checkpoints.Torch;

/// <summary>A tuple: a fixed row of values.</summary>
internal sealed record PickleTuple(object?[] Items);

/// <summary>A list, filled by later instructions.</summary>
internal sealed record PickleList(List<object?> Items);

/// <summary>A dictionary, or an object of one of the two known classes: named values, filled by later instructions.</summary>
/// <remarks>Keys other than strings do not occur and are refused, so nothing is ever hashed but strings.</remarks>
internal sealed record PickleObject(PickleGlobal? Class, Dictionary<string, object?> Items);

/// <summary>Where <see cref="PickleTuple"/>s of a call or <see cref="PickleList"/>s of a list began on the stack.</summary>
internal sealed record PickleMark
{
    public static PickleMark Instance { get; } = new();
}

/// <summary>Raw elements in the archive, named by <paramref name="Key"/>.</summary>
internal sealed record TorchStorage(string Key, TensorDtype Dtype, long ElementCount);

/// <summary>A view of a storage; strides and offset count elements.</summary>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Shape, long[] Strides);
