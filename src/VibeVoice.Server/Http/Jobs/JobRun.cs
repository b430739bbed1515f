using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Http.Jobs.Storage;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>
/// One job on this worker: speaks the chunks that are not kept yet, keeps each as a part, and joins them through one encoder.
/// Between two chunks it gives its slot to a request that waits.
/// </summary>
internal sealed class JobRun(string id, KeptRequest request, KeptState state, IJobLease lease, JobTools tools)
{
    /// <summary>How often what others read of its progress is written.</summary>
    private static readonly TimeSpan _saveInterval = TimeSpan.FromSeconds(10);

    /// <summary>Times that the same part is begun, by whichever workers, before the job is given up.</summary>
    private const int MostTries = 5;

    private readonly SpeechRequest _speech = request.ToSpeech(tools.Synthesizer);
    private readonly long _begun = tools.TimeProvider.GetTimestamp();
    private readonly ArrayBufferWriter<byte> _part = new();
    private readonly double _shareBefore = state.ShareOfText;
    private IReadOnlyList<int> _partCharacters = [];
    private KeptState _state = state;
    private long _saved;

    /// <summary>How far it is, to be read from any thread.</summary>
    public KeptState State => Volatile.Read(ref _state);

    /// <summary>When it is done by its pace so far; null where that tells nothing yet.</summary>
    public TimeSpan? Remaining
    {
        get
        {
            var share = State.ShareOfText - _shareBefore;
            return share > 0 ? tools.TimeProvider.GetElapsedTime(_begun) * ((1 - State.ShareOfText) / share) : null;
        }
    }

    /// <summary>Works to the end of the job. Only cancellation and failures of the store are thrown.</summary>
    /// <param name="slot">The first; given back here.</param>
    /// <param name="cancellationToken">Stops it within one frame; the parts that are kept stay.</param>
    public async Task RunAsync(SpeechSlot slot, CancellationToken cancellationToken)
    {
        SpeechSlot? held = slot;
        try
        {
            await BeginAsync(cancellationToken);
            for (var repairs = 0; ; )
            {
                while (!_state.IsSpoken)
                {
                    held ??= await WaitForSlotAsync(cancellationToken);
                    if (!await SpeakAsync(cancellationToken))
                    {
                        held.Dispose();
                        held = null;
                    }
                }

                held ??= await WaitForSlotAsync(cancellationToken);
                try
                {
                    await JoinAsync(cancellationToken);
                    return;
                }
                catch (DamagedPartException damage) when (repairs++ < 3)
                {
                    Update(_state with { Parts = [.. _state.Parts.Take(damage.Index)], IsSpoken = false });
                }
            }
        }
        catch (Exception exception)
            when (exception is not (JobStoreException or DamagedJobException)
                && !(exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
            )
        {
            await FailAsync(tools.Failures.Describe(exception), cancellationToken);
        }
        finally
        {
            held?.Dispose();
        }
    }

    /// <summary>Leaves it to others, in order: whoever goes on starts where this run ended.</summary>
    public Task GiveBackAsync(CancellationToken cancellationToken) =>
        tools.Shelf.WriteStateAsync(
            id,
            _state with
            {
                Status = JobStatus.Queued,
                Tries = Math.Max(0, _state.Tries - 1),
            },
            cancellationToken
        );

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        var speaker = string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{tools.Synthesizer.Engine}, {tools.Synthesizer.Model}, {tools.Synthesizer.Computing?.Precision}, {tools.Settings.ChunkPositions}, {tools.Settings.MaxChunkSeconds}, {tools.Settings.FramesPerToken}"
        );
        var outline = await tools.Synthesizer.OutlineAsync(_speech, cancellationToken);
        _partCharacters = [.. outline.Chunks.Select(chunk => chunk.Text.Length)];
        // Parts of another voice or cut would not join: they are spoken anew.
        var kept = _state;
        if (kept.Speaker != speaker)
        {
            await tools.Shelf.DeletePartsAsync(id, kept, cancellationToken);
            kept = new KeptState { StartedAt = kept.StartedAt };
        }

        Update(
            kept with
            {
                Status = JobStatus.Running,
                Speaker = speaker,
                StartedAt = kept.StartedAt ?? tools.TimeProvider.GetUtcNow(),
                PartsPlanned = Math.Max(1, outline.Chunks.Count),
                Tries = kept.Tries + 1,
            }
        );
        if (_state.Tries > MostTries)
        {
            throw JobErrors.GivenUp(MostTries);
        }

        await SaveAsync(cancellationToken);
    }

    private async Task<SpeechSlot> WaitForSlotAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var left = tools.Slots.NextLeave;
            if (tools.Slots.TryEnterIdle(CharactersOfPart) is { } slot)
            {
                return slot;
            }

            await left.WaitAsync(cancellationToken);
        }
    }

    private int CharactersOfPart => _partCharacters.ElementAtOrDefault(_state.Parts.Count);

    /// <summary>Speaks on, and keeps each chunk that is over.</summary>
    /// <returns>False where it gave way between two chunks.</returns>
    private async Task<bool> SpeakAsync(CancellationToken cancellationToken)
    {
        var from = _state.Parts is [.., var last] ? last.Next : null;
        var (warned, first) = (_state.Warnings, from?.Chunks ?? 0);
        var (seconds, warnings, begun) = (
            _state.Parts.Sum(Seconds),
            new List<string>(),
            tools.TimeProvider.GetTimestamp()
        );
        var isFirst = _state.Parts.Count == 0;
        _part.ResetWrittenCount();
        var spoken = tools.Synthesizer.SpeakAsync(_speech with { From = from }, cancellationToken);
        await foreach (var frame in spoken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (isFirst && !frame.Audio.Samples.IsEmpty)
            {
                var firstAudio = tools.TimeProvider.GetElapsedTime(begun).TotalSeconds;
                Update(_state with { FirstAudioSeconds = firstAudio });
                isFirst = false;
            }

            if (frame.Mark is { } mark && mark.Position.Chunks > first)
            {
                await KeepAsync(mark.Position, [.. warned, .. mark.Warnings], begun, cancellationToken);
                (first, begun) = (mark.Position.Chunks, tools.TimeProvider.GetTimestamp());
                if (tools.Slots.Waiting > 0)
                {
                    return false;
                }
            }

            if (frame.Warning is { } warning)
            {
                warnings.Add(warning);
            }

            _part.Write(MemoryMarshal.AsBytes(frame.Audio.Samples.Span));
            seconds += (double)frame.Audio.Samples.Length / frame.Audio.SampleRateHz;
            Update(
                _state with
                {
                    ShareOfText = frame.ShareOfText,
                    SecondsSpoken = seconds / request.Speed,
                    TextTokens = frame.TextTokens ?? _state.TextTokens,
                }
            );
            if (tools.TimeProvider.GetElapsedTime(_saved) >= _saveInterval)
            {
                await SaveAsync(cancellationToken);
            }
        }

        await KeepAsync(next: null, [.. warned, .. warnings], begun, cancellationToken);
        return true;
    }

    private async Task KeepAsync(
        SpeechPosition? next,
        IReadOnlyList<string> warnings,
        long begun,
        CancellationToken cancellationToken
    )
    {
        var samples = _part.WrittenMemory;
        await tools.Shelf.Store.WriteAsync(id, JobFiles.Part(_state.Parts.Count), samples, cancellationToken);
        if (!await lease.ConfirmAsync(cancellationToken))
        {
            throw new OperationCanceledException("The job is another's.", lease.Lost);
        }

        var part = new KeptPart(samples.Length, Convert.ToHexStringLower(SHA256.HashData(samples.Span)), next);
        Update(
            _state with
            {
                Parts = [.. _state.Parts, part],
                IsSpoken = next is null,
                Warnings = warnings,
                GenerationSeconds = _state.GenerationSeconds + tools.TimeProvider.GetElapsedTime(begun).TotalSeconds,
                Tries = 1,
            }
        );
        await SaveAsync(cancellationToken);
        _part.ResetWrittenCount();
    }

    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        var format = _speech.Format;
        var run = tools.Pipeline.Join(
            new PartReader(id, tools.Shelf.Store, tools.Synthesizer.SampleRateHz).ReadAsync(
                _state.Parts,
                cancellationToken
            ),
            _speech,
            headCanBeCompleted: true,
            cancellationToken
        );
        var delivery = new DeliveryRequest(id, format, tools.Pipeline.Labels(_speech));
        var bytes = await tools.Shelf.Store.PublishAsync(
            id,
            JobFiles.Audio(format),
            run.Audio,
            delivery,
            cancellationToken
        );
        if (!await lease.ConfirmAsync(cancellationToken))
        {
            throw new OperationCanceledException("The job is another's.", lease.Lost);
        }

        var report = run.Report();
        report = report with
        {
            TextTokens = _state.TextTokens,
            FirstAudio = TimeSpan.FromSeconds(_state.FirstAudioSeconds),
            Generation = TimeSpan.FromSeconds(_state.GenerationSeconds),
            RealTimeFactor = _state.GenerationSeconds / Math.Max(0.001, report.Duration.TotalSeconds),
            Warnings = [.. report.Warnings, .. _state.Warnings],
        };
        tools.Metrics.Spoke(report, bytes);
        await EndAsync(
            _state with
            {
                Status = JobStatus.Done,
                ShareOfText = 1,
                SecondsSpoken = report.Duration.TotalSeconds,
                Metadata = JobMetadata.From(report, new DeliveredAudio { Bytes = bytes }),
            },
            cancellationToken
        );
    }

    private Task FailAsync(ApiException error, CancellationToken cancellationToken) =>
        EndAsync(_state with { Status = JobStatus.Failed, Error = error.Body.Error }, cancellationToken);

    /// <summary>Nobody is told of the end before all is put away.</summary>
    private async Task EndAsync(KeptState end, CancellationToken cancellationToken)
    {
        end = end with { FinishedAt = tools.TimeProvider.GetUtcNow() };
        await tools.Shelf.CloseAsync(id, request, end, cancellationToken);
        Update(end);
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        await tools.Shelf.WriteStateAsync(id, _state, cancellationToken);
        _saved = tools.TimeProvider.GetTimestamp();
    }

    private double Seconds(KeptPart part) => part.Bytes / (double)sizeof(float) / tools.Synthesizer.SampleRateHz;

    private void Update(KeptState next) => Volatile.Write(ref _state, next);
}
