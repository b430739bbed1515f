using System.Text.Json.Serialization;

namespace VibeVoice.Server.Batch;

/// <summary>What is known of the audio of one part.</summary>
internal sealed record PartRecord
{
    public static readonly PartRecord New = new();

    public PartState State { get; init; }

    /// <summary>The job in which it is being spoken.</summary>
    public string? JobId { get; init; }

    /// <summary>Jobs that were sent for it, in all runs.</summary>
    public int Attempts { get; init; }

    /// <summary>Why the last of them failed.</summary>
    public string? Error { get; init; }

    /// <summary>Once fetched: the file in the work folder, and what it must be to be trusted.</summary>
    public PartAudio? Audio { get; init; }
}

/// <summary>A part's file.</summary>
/// <param name="File">Its name in the work folder.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Its checksum, in hex.</param>
/// <param name="Samples">How many it decodes to, at the rate of the book.</param>
/// <param name="GeneratedBy">The engine and its model, for the label of the book.</param>
/// <param name="Warnings">What the worker had to say.</param>
internal sealed record PartAudio(
    string File,
    long Bytes,
    string Sha256,
    long Samples,
    string GeneratedBy,
    IReadOnlyList<string> Warnings
);

[JsonConverter(typeof(JsonStringEnumConverter<PartState>))]
internal enum PartState
{
    /// <summary>To be sent.</summary>
    Pending,

    /// <summary>With the endpoint.</summary>
    Submitted,

    /// <summary>Fetched and checked.</summary>
    Done,

    /// <summary>Given up for this run.</summary>
    Failed,
}
