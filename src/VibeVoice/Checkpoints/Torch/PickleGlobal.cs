namespace VibeVoice.Checkpoints.Torch;

/// <summary>A class or function that a pickle names; only those of <see cref="PickleReader"/>'s list exist.</summary>
internal enum PickleGlobal
{
    OrderedDict,
    RebuildTensor,
    FloatStorage,
    HalfStorage,
    BFloat16Storage,
    ModelOutput,
    DynamicCache,
}
