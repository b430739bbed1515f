namespace VibeVoice.Checkpoints.Torch;

/// <content>The seven names that a preset may use, and what each of them makes.</content>
internal sealed partial class PickleReader
{
    private static readonly string[] _outputFields = ["last_hidden_state", "past_key_values"];

    private PickleGlobal FindGlobal(string module, string name) =>
        $"{module}.{name}" switch
        {
            "collections.OrderedDict" => PickleGlobal.OrderedDict,
            "torch._utils._rebuild_tensor_v2" => PickleGlobal.RebuildTensor,
            "torch.FloatStorage" => PickleGlobal.FloatStorage,
            "torch.HalfStorage" => PickleGlobal.HalfStorage,
            "torch.BFloat16Storage" => PickleGlobal.BFloat16Storage,
            "transformers.modeling_outputs.BaseModelOutputWithPast" => PickleGlobal.ModelOutput,
            "transformers.cache_utils.DynamicCache" => PickleGlobal.DynamicCache,
            var other => throw Broken(
                $"names '{Shorten(other)}', which no voice preset needs and which could be code: it is refused"
            ),
        };

    private object Make(PickleGlobal function, object?[] arguments)
    {
        switch (function)
        {
            case PickleGlobal.RebuildTensor:
                return MakeTensor(arguments);
            case PickleGlobal.OrderedDict when arguments is []:
            case PickleGlobal.DynamicCache when arguments is []:
                return new PickleObject(function, []);
            case PickleGlobal.ModelOutput when arguments.Length <= 4:
                // A data class: its first two fields are these, and usually set again by the instructions that follow.
                var output = new PickleObject(function, []);
                foreach (var (key, value) in _outputFields.Zip(arguments))
                {
                    output.Items[key] = value;
                }

                return output;
            default:
                throw Broken($"calls {function} with {arguments.Length} arguments, which no voice preset does");
        }
    }

    // ('storage', torch.FloatStorage, key, device, count): the device is where it once was, and does not matter.
    private TorchStorage MakeStorage(object?[] reference)
    {
        if (reference is not ["storage", PickleGlobal type, string key, string, long count] || count < 0)
        {
            throw Broken("refers to a storage in an unknown way");
        }

        TensorDtype? dtype = type switch
        {
            PickleGlobal.FloatStorage => TensorDtype.F32,
            PickleGlobal.HalfStorage => TensorDtype.F16,
            PickleGlobal.BFloat16Storage => TensorDtype.BF16,
            _ => null,
        };
        return new TorchStorage(key, dtype ?? throw Broken($"has a storage of type {type}"), count);
    }

    // (storage, offset, size, strides, requires_grad, backward_hooks), and sometimes metadata.
    private TorchTensor MakeTensor(object?[] arguments)
    {
        if (
            arguments
                is not [
                    TorchStorage storage,
                    long offset,
                    PickleTuple { Items: var size },
                    PickleTuple { Items: var strides },
                    ..,
                ]
            || arguments.Length > 7
            || size.Length != strides.Length
            || size.Length > 8
            || offset < 0
            || !size.Concat(strides).All(number => number is >= 0L)
        )
        {
            throw Broken("rebuilds a tensor in an unknown way");
        }

        return new TorchTensor(storage, offset, [.. size.Cast<long>()], [.. strides.Cast<long>()]);
    }

    private void Build(object? state)
    {
        var target = Peek<PickleObject>();
        if (state is not PickleObject { Items: var items } || target.Class is null)
        {
            throw Broken("sets the state of something that has none");
        }

        foreach (var (key, value) in items.ToArray()) // a copy: the state may be the target itself
        {
            target.Items[key] = value;
        }
    }

    private void SetItems(object?[] keysAndValues)
    {
        var target = Peek<PickleObject>();
        if (keysAndValues.Length % 2 != 0)
        {
            throw Broken("sets a key without a value");
        }

        for (var i = 0; i < keysAndValues.Length; i += 2)
        {
            if (keysAndValues[i] is not string key)
            {
                throw Broken("has a dictionary with keys other than strings");
            }

            target.Items[key] = keysAndValues[i + 1];
        }
    }
}
