using System.CommandLine;
using VibeVoice.Server.Batch;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice batch</c>: a whole book by way of a RunPod endpoint, into one file with chapters.</summary>
internal static class BatchCommand
{
    private static readonly NumberRange PartCharacters = new(200, 20_000, IsWhole: true);

    public static Command Create()
    {
        var book = new Argument<string>("file")
        {
            Description = "The book, text or Markdown in UTF-8; '-' reads standard input.",
        };
        var endpoint = new Option<string>("--endpoint")
        {
            Description = "Id of a queue endpoint of RunPod that runs this program.",
            HelpName = "id",
            Required = true,
        };
        endpoint.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not { Length: > 0 } id || !id.All(IsOfAnId))
            {
                result.AddError("'--endpoint' must be an endpoint's id: letters, digits, '-' and '_'.");
            }
        });
        var output = new Option<string?>("--output", "-o")
        {
            Description =
                "The file to write: .m4b, .mp3 or .flac. [default: the book's name with .m4b, in this folder]",
            HelpName = "file",
        };
        var apiUrl = new Option<string?>("--api-url")
        {
            Description =
                "Base of the endpoint API. [default: RUNPOD_ENDPOINT_BASE_URL, else https://api.runpod.ai/v2]",
            HelpName = "url",
        };
        var pattern = new Option<string?>("--chapter-pattern")
        {
            Description =
                "Regular expression: lines in which it is found begin chapters, and no others; its group 'title' is their title.",
            HelpName = "regex",
        };
        var partFormat = new Option<string>("--part-format")
        {
            Description = "How the endpoint answers: flac or wav.",
            HelpName = "format",
            DefaultValueFactory = _ => AudioFormat.Flac.Name,
        };
        partFormat.AcceptOnlyFromAmong(AudioFormat.Flac.Name, AudioFormat.Wav.Name);
        var partCharacters = NumberOption.Create(
            "--part-characters",
            PartCharacters,
            "number",
            "The most characters of one job. [default: what surely fits into an answer without a bucket]"
        );
        var parallel = NumberOption.Create(
            "--parallel",
            new NumberRange(1, 256, IsWhole: true),
            "number",
            "Jobs with the endpoint at once. [default: 4]"
        );
        var attempts = NumberOption.Create(
            "--attempts",
            new NumberRange(1, 20, IsWhole: true),
            "number",
            "Jobs that are sent for one part before it is given up. [default: 3]"
        );
        var work = new Option<string?>("--work")
        {
            Description = "The folder that remembers what was done. [default: the output's name with .batch]",
            HelpName = "folder",
        };
        var force = new Option<bool>("--force")
        {
            Description =
                "Go on in a work folder that was begun for another text or other options; parts that stay are kept.",
        };
        var cancel = new Option<bool>("--cancel-on-stop")
        {
            Description = "When stopped, cancel the jobs that run; otherwise the next run picks them up.",
        };
        var title = new Option<string?>("--title")
        {
            Description = "The book's title. [default: the file's name]",
            HelpName = "text",
        };
        var author = new Option<string?>("--author") { Description = "The book's author.", HelpName = "text" };
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Print chapters, jobs and characters; send nothing.",
        };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "No progress and no summary on standard error." };
        var speech = new SpeechFlags();
        var command = new Command("batch", "Speaks a whole book by a RunPod endpoint into one file with chapters.")
        {
            book,
            endpoint,
            output,
            apiUrl,
            pattern,
            partFormat,
            partCharacters,
            parallel,
            attempts,
            work,
            force,
            cancel,
            title,
            author,
            dryRun,
            quiet,
        };
        speech.AddTo(command);
        command.SetGuardedAction(
            async (result, cancellationToken) =>
            {
                var file = result.GetValue(book)!;
                var name = file == "-" ? "book" : Path.GetFileNameWithoutExtension(file);
                var target = result.GetValue(output) ?? $"{name}.{BookFormat.M4b.Extension}";
                var format = AudioFormat.All.Single(known => known.Name == result.GetValue(partFormat));
                var configuration = Configuration.Load(
                    ("RUNPOD_ENDPOINT_BASE_URL", result.GetValue(apiUrl)),
                    ("RUNPOD_LOG_LEVEL", result.GetValue(quiet) ? "ERROR" : null)
                );
                var encoding = SettingsReader.Read<EncodingOptions>(configuration);
                var template = new JobTemplate(WithMarkdown(speech.Read(result), file), format);
                var request = new BatchRequest
                {
                    Text = await TextInput.ReadBookAsync(file, cancellationToken),
                    Title = result.GetValue(title) ?? name,
                    Author = result.GetValue(author),
                    Endpoint = result.GetValue(endpoint)!,
                    Output = target,
                    Format = BookFormat.Of(target),
                    WorkFolder = result.GetValue(work) ?? Path.ChangeExtension(target, ".batch"),
                    IsForced = result.GetValue(force),
                    ChapterPattern = result.GetValue(pattern),
                    PartCharacters =
                        (int?)result.GetValue(partCharacters)
                        ?? (int)
                            Math.Clamp(
                                AnswerLimits.CharactersThatFit(template.Format, template.Speed, encoding),
                                PartCharacters.Minimum,
                                PartCharacters.Maximum
                            ),
                    Template = template,
                    Options = new BatchOptions
                    {
                        Parallel = (int?)result.GetValue(parallel) ?? 4,
                        Attempts = (int?)result.GetValue(attempts) ?? 3,
                        CancelOnStop = result.GetValue(cancel),
                    },
                };
                if (result.GetValue(dryRun))
                {
                    await BatchOutline.WriteAsync(request.Plan(), request);
                    return ExitCode.Done;
                }

                using var logs = Logging.ToStandardError(configuration);
                var batch = new BookBatch(
                    request,
                    encoding,
                    SettingsReader.Read<EndpointSettings>(configuration),
                    ProgressTerminal.Find(result.GetValue(quiet)),
                    TimeProvider.System,
                    logs
                );
                return await batch.RunAsync(cancellationToken) ? ExitCode.Done : ExitCode.Failed;
            }
        );
        return command;
    }

    private static bool IsOfAnId(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '_';

    /// <summary>Whoever names a file .md says what its marks are.</summary>
    private static SpeechInput WithMarkdown(SpeechInput speech, string file) =>
        Path.GetExtension(file).ToLowerInvariant() is ".md" or ".markdown"
            ? speech with
            {
                RemoveMarkdown = true,
            }
            : speech;
}
