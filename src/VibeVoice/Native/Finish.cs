namespace VibeVoice.Native;

/// <summary>What becomes of the outputs of a linear layer before they are written.</summary>
internal enum Finish
{
    /// <summary>y = v.</summary>
    Store,

    /// <summary>y = relu(v).</summary>
    Relu,

    /// <summary>y = silu(v).</summary>
    Silu,

    /// <summary>y = gelu(v).</summary>
    Gelu,

    /// <summary>y += v.</summary>
    Add,

    /// <summary>y += factor · v.</summary>
    AddScaled,

    /// <summary>y = silu(v of a panel) · (v of the next one): half as many outputs.</summary>
    Gate,
}
