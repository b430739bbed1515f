using CliWrap;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Models.Voices;

/// <summary>
/// One commit of a Git repository, fetched without its history into a folder that holds other things too: Git's own files
/// are kept apart, so that nothing but them is ever deleted.
/// </summary>
/// <param name="options">The repository, the commit and the program.</param>
/// <param name="folder">Where files are checked out.</param>
internal sealed class GitRepository(VoiceOptions options, string folder)
{
    private const string Branch = "refs/heads/pinned";

    private readonly ChildProgram _git = new(options.GitPath, "GIT_PATH");

    private string GitFolder => Path.Combine(folder, "repository.git");

    private string[] Here => [$"--git-dir={GitFolder}", $"--work-tree={folder}"];

    /// <summary>Brings a part of the commit into the folder; the caller holds a lease.</summary>
    /// <param name="path">A folder of the repository.</param>
    /// <returns>Where it is now.</returns>
    /// <exception cref="SpeechFailedException">Git is missing, or the repository or the commit cannot be had.</exception>
    public async Task<string> CheckOutAsync(string path, CancellationToken cancellationToken)
    {
        var isOld = Directory.Exists(GitFolder);
        try
        {
            await TryCheckOutAsync(path, cancellationToken);
        }
        catch (SpeechFailedException) when (isOld)
        {
            // A process or a machine that died in the middle may have left anything there.
            Directory.Delete(GitFolder, recursive: true);
            await TryCheckOutAsync(path, cancellationToken);
        }

        return Path.Combine(folder, path);
    }

    /// <summary>Says which Git this is.</summary>
    /// <returns>"git version 2.39.5".</returns>
    /// <exception cref="SpeechFailedException">It is missing.</exception>
    public async Task<string> FindGitAsync(CancellationToken cancellationToken)
    {
        var words = new LastWords();
        var answer = new System.Text.StringBuilder();
        var command = Command(["--version"])
            .WithStandardOutputPipe(PipeTarget.ToStringBuilder(answer))
            .WithStandardErrorPipe(words.Target);
        var exitCode = await _git.RunAsync(command, cancellationToken);
        return exitCode == 0 ? answer.ToString().Trim() : throw _git.Failure(exitCode, words);
    }

    /// <summary>Asks the repository for its branches, and fetches nothing.</summary>
    /// <exception cref="SpeechFailedException">Git is missing, or the repository cannot be had.</exception>
    public Task AskAsync(CancellationToken cancellationToken) =>
        RunAsync(["ls-remote", "--quiet", options.RepositoryUrl, "HEAD"], cancellationToken);

    private async Task TryCheckOutAsync(string path, CancellationToken cancellationToken)
    {
        if (Directory.Exists(GitFolder))
        {
            // Whoever took these is dead: we hold the lease.
            foreach (var stale in Directory.EnumerateFiles(GitFolder, "*.lock", SearchOption.AllDirectories))
            {
                File.Delete(stale);
            }
        }

        if (!await HasCommitAsync(cancellationToken))
        {
            if (Directory.Exists(GitFolder))
            {
                // A fetch that was killed cannot be gone on from, and its half pack would stay for good.
                Directory.Delete(GitFolder, recursive: true);
            }

            await RunAsync(["init", "--quiet", "--bare", GitFolder], cancellationToken);
            // By its number, as a branch would be refused: Git cannot clone a commit.
            await RunAsync(
                [
                    .. Here,
                    "fetch",
                    "--quiet",
                    "--depth",
                    "1",
                    "--no-tags",
                    options.RepositoryUrl,
                    $"+{options.Commit}:{Branch}",
                ],
                cancellationToken
            );
        }

        await RunAsync([.. Here, "checkout", "--quiet", "--force", options.Commit, "--", path], cancellationToken);
    }

    private async Task<bool> HasCommitAsync(CancellationToken cancellationToken)
    {
        var command = Command([.. Here, "cat-file", "-e", $"{options.Commit}^{{commit}}"]);
        return Directory.Exists(GitFolder) && await _git.RunAsync(command, cancellationToken) == 0;
    }

    private async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var words = new LastWords();
        var command = Command(arguments).WithStandardErrorPipe(words.Target);
        var exitCode = await _git.RunAsync(command, cancellationToken);
        if (exitCode != 0)
        {
            var failure = _git.Failure(exitCode, words);
            throw new SpeechFailedException(
                $"The voices cannot be fetched from '{options.ShownUrl}' at commit {options.Commit}. {Shown(failure)} Check the "
                    + "network, or set VIBEVOICE_REPOSITORY to a copy of the repository, or VOICES_PATH to a folder with presets.",
                failure
            );
        }
    }

    private string Shown(SpeechFailedException failure) =>
        failure.Message.Replace(options.RepositoryUrl, options.ShownUrl, StringComparison.Ordinal);

    private Command Command(string[] arguments) =>
        _git.With([
                // Volumes are often owned by somebody else than who runs this.
                "-c",
                "safe.directory=*",
                "-c",
                "gc.auto=0",
                // A connection that stands still must end.
                "-c",
                "http.lowSpeedLimit=1000",
                "-c",
                "http.lowSpeedTime=60",
                .. arguments,
            ])
            // Read by somebody: a pipe that is closed would end it.
            .WithStandardOutputPipe(PipeTarget.ToStream(Stream.Null))
            .WithEnvironmentVariables(variables => variables.Set("GIT_TERMINAL_PROMPT", "0").Set("LC_ALL", "C"));
}
