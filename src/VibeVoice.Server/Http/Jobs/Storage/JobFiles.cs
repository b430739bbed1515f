using System.Globalization;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Jobs.Storage;

/// <summary>The files of a job.</summary>
internal static class JobFiles
{
    /// <summary>What was asked for, written once; its text is taken out at the end.</summary>
    public const string Request = "request.json";

    /// <summary>How far it has come; written by who has the lease.</summary>
    public const string State = "state.json";

    public const string Lease = "job.lease";

    /// <summary>Samples of one chunk: float32, little-endian, mono, at the engine's rate.</summary>
    public static string Part(int index) => string.Create(CultureInfo.InvariantCulture, $"part-{index:D5}.f32");

    public static string Audio(AudioFormat format) => $"audio.{format.Name}";
}
