using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Testing.Hub;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Models;
using VibeVoice.Server.Models.Voices;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Tests.Models;

/// <summary>Voices come from their repository and their archives, are converted once, and nothing else is touched.</summary>
public sealed class VoiceInstallerTests : IAsyncDisposable
{
    private static readonly string[] Names = ["de-Spk0_man", "en-Carter_man", "en-Emma_woman"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-voices-");
    private readonly FakeLogger<VoiceInstaller> _logger = new();
    private VoiceOptions _options = new();
    private WebApplication? _mirror;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Preset => Path.Combine(TinyModel.Folder, "voices", "tiny.pt");

    private Workspace Workspace => new() { Root = _folder.FullName };

    private VoiceInstaller Installer => new(_options, Workspace, TimeProvider.System, _logger);

    [Fact]
    public async Task They_are_fetched_at_their_commit_and_converted_with_their_checksums_recorded()
    {
        await UseRepositoryAsync();

        await EnsureAsync();

        var index = Installer.Folder.Index;
        index.PublishedFrom.ShouldBe(_options.Repository);
        index.Voices.Select(voice => voice.Name).ShouldBe(Names);
        foreach (var voice in index.Voices)
        {
            voice.Source.ShouldBe(VoiceSource.Published);
            voice.PresetSha256.ShouldBe(FakeHub.Sha256(await File.ReadAllBytesAsync(Preset, Token)));
            var converted = await File.ReadAllBytesAsync(Installer.Folder.PathOf(voice.Name), Token);
            (voice.Sha256, voice.Bytes).ShouldBe((FakeHub.Sha256(converted), converted.Length));
        }

        Directory
            .GetFileSystemEntries(Workspace.Folder)
            .Select(path => Path.GetFileName(path))
            .Order()
            .ShouldBe(["demo", "repository.git", "voices"]);
    }

    [Fact]
    public async Task What_is_there_needs_no_repository_any_more()
    {
        await UseRepositoryAsync();
        await EnsureAsync();
        Directory.Delete(PathOf("repository"), recursive: true);
        var written = File.GetLastWriteTimeUtc(Installer.Folder.PathOf("en-Emma_woman"));

        await EnsureAsync(InstallCare.Verify);

        File.GetLastWriteTimeUtc(Installer.Folder.PathOf("en-Emma_woman")).ShouldBe(written);
    }

    [Fact]
    public async Task Cache_and_marker_beside_them_stay()
    {
        await UseRepositoryAsync();
        Directory.CreateDirectory(Path.Combine(Workspace.Folder, "cache"));
        await File.WriteAllTextAsync(Path.Combine(Workspace.Folder, "cache", "model"), "2 GB", Token);
        await File.WriteAllTextAsync(Workspace.Marker, "a marker", Token);
        await File.WriteAllTextAsync(Path.Combine(Workspace.Folder, "README.md"), "mine", Token);

        await EnsureAsync();

        (await File.ReadAllTextAsync(Path.Combine(Workspace.Folder, "cache", "model"), Token)).ShouldBe("2 GB");
        (await File.ReadAllTextAsync(Workspace.Marker, Token)).ShouldBe("a marker");
        (await File.ReadAllTextAsync(Path.Combine(Workspace.Folder, "README.md"), Token)).ShouldBe("mine");
    }

    [Theory]
    [InlineData("shallow.lock")]
    [InlineData("index.lock")]
    [InlineData("HEAD")]
    [InlineData("objects")]
    public async Task Whatever_a_dead_git_left_is_mended(string what)
    {
        await UseRepositoryAsync();
        await EnsureAsync();
        Directory.Delete(Path.Combine(Workspace.Folder, "voices"), recursive: true);
        var left = Path.Combine(Workspace.Folder, "repository.git", what);
        if (Directory.Exists(left))
        {
            Directory.Delete(left, recursive: true);
        }
        else
        {
            await File.WriteAllTextAsync(left, "", Token);
        }

        await EnsureAsync();

        Installer.Folder.Index.Voices.Count.ShouldBe(Names.Length);
    }

    [Fact]
    public async Task A_voice_that_is_damaged_is_converted_again()
    {
        await UseRepositoryAsync();
        await EnsureAsync();
        var path = Installer.Folder.PathOf("en-Emma_woman");
        var whole = await File.ReadAllBytesAsync(path, Token);
        var spoilt = whole.ToArray();
        spoilt[^1] ^= 1;
        await File.WriteAllBytesAsync(path, spoilt, Token);

        await EnsureAsync(InstallCare.Verify);
        (await File.ReadAllBytesAsync(path, Token)).ShouldBe(whole);

        File.Delete(path);
        await EnsureAsync();
        (await File.ReadAllBytesAsync(path, Token)).ShouldBe(whole);
    }

    [Fact]
    public async Task A_preset_that_is_broken_is_left_out_and_told()
    {
        await UseRepositoryAsync();
        var source = PathOf("repository");
        await File.WriteAllTextAsync(
            Path.Combine(source, "demo/voices/streaming_model/en-Carter_man.pt"),
            "broken",
            Token
        );
        await TinyModel.GitAsync(source, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qam", "Break");
        _options = new VoiceOptions
        {
            Repository = $"{source}#{await TinyModel.GitAsync(source, "rev-parse", "HEAD")}",
        };

        await EnsureAsync();

        Installer.Folder.Index.Voices.Select(voice => voice.Name).ShouldBe(["de-Spk0_man", "en-Emma_woman"]);
        _logger.Collector.GetSnapshot().ShouldContain(record => record.Message.Contains("en-Carter_man.pt"));
    }

    [Theory]
    [InlineData("/nowhere/repository")]
    [InlineData("here#0123456789012345678901234567890123456789")]
    public async Task A_repository_or_commit_that_cannot_be_had_is_told(string repository)
    {
        await UseRepositoryAsync();
        _options = new VoiceOptions { Repository = repository.Replace("here", PathOf("repository")) };

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => EnsureAsync());

        failure.Message.ShouldStartWith("The voices cannot be fetched from '");
        failure.Message.ShouldContain("VIBEVOICE_REPOSITORY");
        Installer.Folder.Index.PublishedFrom.ShouldBeNull();
    }

    [Fact]
    public async Task Archives_are_installed_and_one_that_is_missing_is_left_out()
    {
        await UseMirrorAsync(
            (
                "experimental_voices_de.tar.gz",
                Archive(("voices/de/de-Spk2_woman.pt", await File.ReadAllBytesAsync(Preset, Token)))
            ),
            (
                "experimental_voices_en2.tar.gz",
                Archive(("en-Gravus_man.pt", await File.ReadAllBytesAsync(Preset, Token)))
            ),
            ("experimental_voices_fr.tar.gz", "not an archive"u8.ToArray())
        );

        await InstallExperimentalAsync();

        var index = Installer.Folder.Index;
        index
            .Voices.Select(voice => (voice.Name, voice.Source))
            .ShouldBe([("de-Spk2_woman", VoiceSource.Experimental), ("en-Gravus_man", VoiceSource.Experimental)]);
        index.Archives.ShouldBe(["experimental_voices_de.tar.gz", "experimental_voices_en2.tar.gz"]);
        Directory.Exists(Path.Combine(Workspace.Folder, "voices", ".scratch")).ShouldBeFalse();
    }

    [Fact]
    public async Task That_no_archive_is_there_is_told()
    {
        await UseMirrorAsync();
        (await Should.ThrowAsync<SpeechFailedException>(InstallExperimentalAsync)).Message.ShouldStartWith(
            "None of the archives of experimental voices can be had; the first: '"
        );
    }

    [Fact]
    public async Task An_archive_reaches_no_other_folder_and_unpacks_nothing_but_presets()
    {
        var archive = PathOf("archive.tar.gz");
        var folder = Directory.CreateDirectory(PathOf("unpacked")).FullName;
        await File.WriteAllBytesAsync(
            archive,
            Archive(
                ("../../en-Up_man.pt", [1]),
                ("/etc/en-Root_man.pt", [2]),
                ("..", [3]),
                ("run.sh", [4]),
                ("en-Man.pt", [5]),
                ("../archive.tar.gz", [6])
            ),
            Token
        );

        var presets = await VoiceArchive.UnpackAsync(archive, folder, Token);

        presets.ShouldBe([Path.Combine(folder, "en-Up_man.pt"), Path.Combine(folder, "en-Root_man.pt")]);
        Directory.GetFileSystemEntries(folder).Length.ShouldBe(2);
        File.Exists("/etc/en-Root_man.pt").ShouldBeFalse();
    }

    [Fact]
    public async Task A_link_in_an_archive_is_not_made()
    {
        var archive = PathOf("archive.tar.gz");
        var folder = Directory.CreateDirectory(PathOf("unpacked")).FullName;
        await using (var file = new GZipStream(File.Create(archive), CompressionLevel.Fastest))
        await using (var tar = new TarWriter(file))
        {
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.SymbolicLink, "en-Link_man.pt") { LinkName = "/etc/passwd" },
                Token
            );
        }

        (await VoiceArchive.UnpackAsync(archive, folder, Token)).ShouldBeEmpty();
        Directory.GetFileSystemEntries(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_archive_that_unpacks_into_too_much_is_stopped()
    {
        var archive = PathOf("archive.tar.gz");
        var folder = Directory.CreateDirectory(PathOf("unpacked")).FullName;
        await File.WriteAllBytesAsync(archive, Archive(("en-Bomb_man.pt", new byte[65 * 1024 * 1024])), Token);
        new FileInfo(archive).Length.ShouldBeLessThan(1_000_000);

        await Should.ThrowAsync<InvalidDataException>(() => VoiceArchive.UnpackAsync(archive, folder, Token));
    }

    public async ValueTask DisposeAsync()
    {
        if (_mirror is not null)
        {
            await _mirror.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private Task EnsureAsync(InstallCare care = InstallCare.Trust) =>
        Installer.EnsureAsync(TinyModel.Folder, care, Token);

    private Task InstallExperimentalAsync() =>
        new ExperimentalVoices(_options, Installer, new FakeLogger<ExperimentalVoices>()).InstallAsync(
            TinyModel.Folder,
            Token
        );

    private async Task UseRepositoryAsync() =>
        _options = new VoiceOptions
        {
            Repository = await TinyModel.MakeVoiceRepositoryAsync(PathOf("repository"), Names),
        };

    private async Task UseMirrorAsync(params (string Name, byte[] Content)[] files)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        _mirror = builder.Build();
        _mirror.Run(async context =>
        {
            var (_, content) = files.FirstOrDefault(file => context.Request.Path == $"/folder/{file.Name}");
            context.Response.StatusCode = content is null ? 404 : 200;
            await context.Response.Body.WriteAsync(content);
        });
        await _mirror.StartAsync(Token);
        _options = new VoiceOptions { ExperimentalVoicesUrl = new Uri($"{_mirror.Urls.Single()}/folder") };
    }

    private static byte[] Archive(params (string Name, byte[] Content)[] files)
    {
        var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            foreach (var (name, content) in files)
            {
                tar.WriteEntry(
                    new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) }
                );
            }
        }

        return result.ToArray();
    }
}
