using System.Text;
using VibeVoice.Server.Batch;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Jobs;
using VibeVoice.Server.Http.TextStreams;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Models;
using VibeVoice.Server.Models.Voices;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Settings;

/// <summary>docs/configuration.md, written from the options of the program.</summary>
internal static class ConfigurationDocument
{
    private const string Head = """
        # Configuration

        <!-- Written by 'make docs' from the options in src/: change the descriptions there. -->

        Environment variables, or the same names in `appsettings.json` beside the program; the environment wins, and flags of a command
        win over both. A value that is wrong stops the start with one sentence that names it; a blank one counts as not set. Text is
        trimmed, `true` may also be `1`, `yes` or `on`, numbers have a point and no separators.

        What a job may say for itself stands in the [README](../README.md#the-job); which of these an endpoint needs, in
        [deploy.md](deploy.md).

        """;

    private const string Workspace = """

        Where it is not set: `/workspace` if something is mounted there, else `/runpod-volume` if something is mounted there (linked as
        `/workspace` where nothing stands in the way), else `/workspace` with a warning that nothing persists.

        """;

    /// <summary>Sections, in the order of the document: what most people set comes first.</summary>
    private static readonly (string Title, Type Options, string Below)[] Sections =
    [
        ("Speech", typeof(SpeechSettings), ""),
        ("The bucket", typeof(DeliveryOptions), ""),
        ("The queue worker", typeof(QueueOptions), ""),
        ("The HTTP server", typeof(HttpOptions), ""),
        ("Jobs over HTTP", typeof(JobOptions), ""),
        ("Text streams", typeof(TextStreamOptions), ""),
        ("Batches", typeof(EndpointSettings), ""),
        ("Models", typeof(HubOptions), ""),
        ("Voices", typeof(VoiceOptions), ""),
        ("Formats", typeof(EncodingOptions), ""),
        ("The endpoint", typeof(EndpointOptions), ""),
        ("The work directory", typeof(WorkspaceOptions), Workspace),
    ];

    /// <summary>Variables of runpod_bootstrap.sh alone.</summary>
    public static readonly (string Name, string Default, string Meaning)[] Script =
    [
        (
            "VIBEVOICE_PROGRAM",
            "beside the script, in `artifacts/publish/vibevoice/`, or on the PATH",
            "The program that `runpod_bootstrap.sh` starts."
        ),
    ];

    /// <summary>Variables of the worker library; most are set by the platform and by nobody else.</summary>
    public static readonly (string Name, string Meaning)[] Platform =
    [
        ("RUNPOD_WEBHOOK_GET_JOB", "Where jobs are taken; `vibevoice worker` serves the queue where it is set."),
        ("RUNPOD_WEBHOOK_POST_OUTPUT", "Where results go."),
        ("RUNPOD_WEBHOOK_POST_STREAM", "Where pieces of streams go."),
        ("RUNPOD_WEBHOOK_PING", "Where the heartbeat goes."),
        ("RUNPOD_PING_INTERVAL", "Milliseconds between heartbeats."),
        ("RUNPOD_AI_API_KEY", "The worker's own key, a secret."),
        ("RUNPOD_POD_ID", "The worker's id."),
        ("RUNPOD_POD_HOSTNAME", "Its host name, part of some addresses."),
        ("RUNPOD_ENDPOINT_ID", "The endpoint's id, in the log."),
        ("RUNPOD_GPU_TYPE_ID", "Its GPU, told when jobs are taken."),
        ("RUNPOD_UA_INTEGRATION", "Added to the user agent."),
        ("RUNPOD_LOG_LEVEL", "`TRACE`, `DEBUG`, `INFO`, `WARN` or `ERROR`; `INFO` where it is not set."),
        ("RUNPOD_DEBUG_LEVEL", "The older name of the same."),
        ("RUNPOD_SKIP_AUTO_SYSTEM_CHECKS", "`true` leaves out the checks of memory, disk and network at the start."),
        ("RUNPOD_SKIP_GPU_CHECK", "`true` leaves out the check of the GPU."),
        ("RUNPOD_MIN_MEMORY_GB", "GiB of memory that must be free; not checked where it is not set."),
        ("RUNPOD_MIN_DISK_PERCENT", "Share of the disk that must be free."),
        ("RUNPOD_MIN_CUDA_VERSION", "Oldest CUDA that the driver may have."),
        ("RUNPOD_NETWORK_CHECK_TIMEOUT", "Seconds that the check of the network may take."),
        ("RUNPOD_BINARY_GPU_TEST_PATH", "A program that tests the GPU."),
        ("RUNPOD_GPU_TEST_TIMEOUT", "Seconds that it may take."),
        ("RUNPOD_MAX_DOWNLOAD_BYTES", "Largest file that is fetched for a job."),
        (
            "RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS",
            "`true` lets files for jobs come from private addresses; the guard keeps a job from reading your network."
        ),
    ];

    public static string Write()
    {
        var text = new StringBuilder(Head);
        foreach (var (title, options, below) in Sections)
        {
            var settings = ProgramSetting.All.Where(setting => setting.Options == options);
            text.Append($"\n## {title}\n\n| variable | takes | default | what it does |\n| --- | --- | --- | --- |\n");
            foreach (var setting in settings)
            {
                text.Append(
                    $"| `{setting.Name}` | {setting.Expectation.Replace('\'', '`')} | {setting.Default} | {setting.Setting.Description} |\n"
                );
            }

            text.Append(below);
        }

        text.Append("\n## The bootstrap script\n\n| variable | default | what it does |\n| --- | --- | --- |\n");
        foreach (var (name, value, meaning) in Script)
        {
            text.Append($"| `{name}` | {value} | {meaning} |\n");
        }

        text.Append("\n## RunPod's own\n\nRunPod sets the first half of them; for its checks see the ");
        text.Append("[worker's README](../src/RunPod.Worker/README.md).\n\n| variable | what it is |\n| --- | --- |\n");
        foreach (var (name, meaning) in Platform)
        {
            text.Append($"| `{name}` | {meaning} |\n");
        }

        return text.ToString();
    }
}
