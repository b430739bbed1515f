using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Models;

/// <summary>Where models come from and where they are kept; the names are those of every tool that shares the cache.</summary>
internal sealed record HubOptions
{
    [Setting("HF_ENDPOINT", "Address of the model hub, or of a mirror.")]
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    [Setting("HF_TOKEN", "Token for gated and private models, a secret; sent to the hub only.")]
    public string? Token { get; init; }

    [Setting("HF_TOKEN_PATH", "File with the token where `HF_TOKEN` is not set.", Default = "`token` in `HF_HOME`")]
    public string? TokenPath { get; init; }

    [Setting(
        "HF_HOME",
        "Folder of the model cache, in the layout of the hub's own tools, which share it.",
        Default = "`cache` in the work directory"
    )]
    public string? Home { get; init; }

    [Setting("HF_HUB_CACHE", "Folder of the repositories within the cache.", Default = "`hub` in `HF_HOME`")]
    public string? Cache { get; init; }

    [Setting("HF_HUB_OFFLINE", "Makes no request to the hub: what is not cached is an error.")]
    public bool IsOffline { get; init; }

    [Setting("RUNPOD_MODEL_CACHE", "RunPod's own cache of models, which is looked into first and never written.")]
    public string PlatformCache { get; init; } = "/runpod-volume/huggingface-cache/hub";

    /// <summary>The token, from the setting or its file; null where there is none.</summary>
    /// <param name="home">The folder that <see cref="Home"/> stands for.</param>
    /// <exception cref="SettingsException">The token has characters that no header can carry.</exception>
    public string? ReadToken(string home)
    {
        var path = TokenPath ?? Path.Combine(home, "token");
        var token = Token ?? (File.Exists(path) ? File.ReadAllText(path).Trim() : "");
        if (token.Any(character => character is <= ' ' or > '~'))
        {
            throw new SettingsException(
                "The hub's token (HF_TOKEN, or its file) has characters that no token has; copy it again."
            );
        }

        return token.Length == 0 ? null : token;
    }
}
