using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Models.Voices;

/// <summary>
/// The nine archives that the repository's <c>demo/download_experimental_voices.sh</c> names. They are attachments of a
/// discussion there and may vanish one by one.
/// </summary>
internal sealed partial class ExperimentalVoices(
    VoiceOptions options,
    VoiceInstaller installer,
    ILogger<ExperimentalVoices> logger
)
{
    private const string Attachments = "https://github.com/user-attachments/files/";

    /// <summary>All nine together have about 144 MB.</summary>
    private const long MaximumArchiveBytes = 256L * 1024 * 1024;

    private static readonly (string Name, string Number)[] Archives =
    [
        ("experimental_voices_de.tar.gz", "24035887"),
        ("experimental_voices_fr.tar.gz", "24035880"),
        ("experimental_voices_jp.tar.gz", "24035882"),
        ("experimental_voices_kr.tar.gz", "24035883"),
        ("experimental_voices_pl.tar.gz", "24035885"),
        ("experimental_voices_pt.tar.gz", "24035886"),
        ("experimental_voices_sp.tar.gz", "24035884"),
        ("experimental_voices_en1.tar.gz", "24189272"),
        ("experimental_voices_en2.tar.gz", "24189273"),
    ];

    /// <summary>Installs what of them can be had; those that are there already are not fetched again.</summary>
    /// <param name="modelFolder">The checkpoint that will speak with them.</param>
    /// <exception cref="SpeechFailedException">None of them can be had, or the folder cannot be written.</exception>
    public async Task InstallAsync(string modelFolder, CancellationToken cancellationToken) =>
        await installer.HoldingLeaseAsync(
            () => InstallUnderLeaseAsync(modelFolder, cancellationToken),
            cancellationToken
        );

    private async Task InstallUnderLeaseAsync(string modelFolder, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(10) };
        var failures = new List<string>();
        foreach (
            var (name, number) in Archives.Where(archive => !installer.Folder.Index.Archives.Contains(archive.Name))
        )
        {
            var url = options.ExperimentalVoicesUrl is { } mirror
                ? new Uri($"{mirror.AbsoluteUri.TrimEnd('/')}/{name}")
                : new Uri($"{Attachments}{number}/{name}");
            try
            {
                var count = await InstallAsync(http, url, modelFolder, cancellationToken);
                var index = installer.Folder.Index;
                await (index with { Archives = [.. index.Archives, name] }).WriteAsync(
                    installer.Folder.IndexPath,
                    cancellationToken
                );
                Log.Installed(logger, count, url);
            }
            catch (Exception exception)
                when (exception is HttpRequestException or InvalidDataException
                    || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                )
            {
                failures.Add($"'{url}': {exception.Message}");
                Log.Missing(logger, url, exception.Message);
            }
        }

        if (failures.Count == Archives.Length)
        {
            throw new SpeechFailedException(
                $"None of the archives of experimental voices can be had; the first: {failures[0]} Check the network, or set "
                    + "EXPERIMENTAL_VOICES_URL to a mirror."
            );
        }
    }

    /// <summary>Returns how many voices the archive held.</summary>
    private async Task<int> InstallAsync(
        HttpClient http,
        Uri url,
        string modelFolder,
        CancellationToken cancellationToken
    )
    {
        using var scratch = new ScratchFolder(Path.GetDirectoryName(installer.Folder.IndexPath)!);
        var archive = Path.Combine(scratch.Path, "archive");
        await DownloadAsync(http, url, archive, cancellationToken);
        var presets = await VoiceArchive.UnpackAsync(archive, scratch.Path, cancellationToken);
        var converted = 0;
        foreach (var preset in presets)
        {
            try
            {
                await installer.Folder.ConvertAsync(preset, VoiceSource.Experimental, modelFolder, cancellationToken);
                converted++;
            }
            catch (Exception exception) when (exception is ModelFormatException or WeightMismatchException)
            {
                Log.Left(logger, url, exception.Message);
            }
        }

        return converted > 0 ? converted : throw new InvalidDataException("It holds no voice that can be used.");
    }

    private static async Task DownloadAsync(HttpClient http, Uri url, string path, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using var body = new LimitedStream(
            await response.Content.ReadAsStreamAsync(cancellationToken),
            MaximumArchiveBytes
        );
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        var buffer = new byte[128 * 1024];
        while (await ReadAsync(body, buffer, cancellationToken) is > 0 and var read)
        {
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    private static async Task<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException exception)
        {
            // Told apart from a disk that fails.
            throw new HttpRequestException(exception.Message, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Count} experimental voices are here, from {Url}.")]
        public static partial void Installed(ILogger logger, int count, Uri url);

        [LoggerMessage(LogLevel.Warning, "The archive {Url} was left out: {Reason}")]
        public static partial void Missing(ILogger logger, Uri url, string reason);

        [LoggerMessage(LogLevel.Warning, "A voice of {Url} was left out. {Reason}")]
        public static partial void Left(ILogger logger, Uri url, string reason);
    }
}
