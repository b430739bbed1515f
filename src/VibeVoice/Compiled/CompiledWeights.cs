namespace VibeVoice.Compiled;

/// <summary>Tensors that were compiled, in a mapped file or in memory of their own.</summary>
/// <remarks>Safe to share between threads until disposed; no address may be used after that. Never written.</remarks>
internal sealed unsafe class CompiledWeights : IDisposable
{
    private readonly IDisposable _memory;
    private readonly Dictionary<string, (nint Address, long Bytes)> _tensors;
    private bool _isDisposed;

    private CompiledWeights(IDisposable memory, Dictionary<string, (nint Address, long Bytes)> tensors, string? path)
    {
        _memory = memory;
        _tensors = tensors;
        Path = path;
    }

    /// <summary>The file that is mapped; null where they are in memory of their own.</summary>
    public string? Path { get; }

    /// <summary>Tensors of a file, each at the beginning of a page; the file belongs to the result.</summary>
    public static CompiledWeights Of(CompiledFile file) =>
        new(
            file,
            file.Table.Tensors.ToDictionary(
                tensor => tensor.Name,
                tensor => ((nint)file.AddressOf(tensor), tensor.Bytes),
                StringComparer.Ordinal
            ),
            file.Path
        );

    /// <summary>Fills memory with tensors, each aligned to 64 bytes.</summary>
    /// <exception cref="OperationCanceledException">It was stopped, between two tensors.</exception>
    public static CompiledWeights Make(IReadOnlyList<CompiledTensor> tensors, CancellationToken cancellationToken)
    {
        CompiledTensor.Check(tensors);
        var blocks = new NativeBlocks();
        try
        {
            var places = tensors.ToDictionary(
                tensor => tensor.Name,
                tensor => ((nint)blocks.Allocate(tensor.Bytes), tensor.Bytes),
                StringComparer.Ordinal
            );
            SeveralAtOnce.Run(
                tensors,
                (tensor, _) => tensor.Fill(new Span<byte>((void*)places[tensor.Name].Item1, (int)tensor.Bytes)),
                cancellationToken
            );
            return new CompiledWeights(blocks, places, path: null);
        }
        catch
        {
            blocks.Dispose();
            throw;
        }
    }

    /// <summary>Where a tensor begins: aligned to 4096 bytes in a file, to 64 in memory.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public byte* Get(string name) => (byte*)Find(name).Address;

    /// <summary>The bytes of a tensor.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public ReadOnlySpan<byte> Span(string name)
    {
        var (address, bytes) = Find(name);
        return new ReadOnlySpan<byte>((void*)address, (int)bytes);
    }

    public void Dispose()
    {
        _isDisposed = true;
        _memory.Dispose();
    }

    private (nint Address, long Bytes) Find(string name)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _tensors[name];
    }
}
