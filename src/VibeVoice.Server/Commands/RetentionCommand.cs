using System.CommandLine;
using System.Globalization;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice retention</c>: deletes old audio from the bucket, under the prefix only.</summary>
internal static class RetentionCommand
{
    public static Command Create()
    {
        var days = NumberOption.Create(
            "--days",
            new NumberRange(1, 36_500, IsWhole: true),
            "days",
            "Delete what is older than this. [default: RETENTION_DAYS, else 7]"
        );
        var dryRun = new Option<bool>("--dry-run") { Description = "Count, and delete nothing." };
        var daily = new Option<bool>("--daily")
        {
            Description = "For the start of a worker: at most once a day, and a bucket out of reach is only a warning.",
        };
        var command = new Command(
            "retention",
            "Deletes audio older than some days from the bucket, under S3_PREFIX only."
        )
        {
            days,
            dryRun,
            daily,
        };
        command.SetGuardedAction(
            async (result, cancellationToken) =>
            {
                var flags = ("RETENTION_DAYS", result.GetValue(days)?.ToString(CultureInfo.InvariantCulture));
                var configuration = Configuration.Load(flags);
                var options = SettingsReader.Read<DeliveryOptions>(configuration);
                var target =
                    S3Target.FromOptions(options)
                    ?? throw new SettingsException(
                        "No bucket is set, so there is nothing to delete; set BUCKET_NAME, BUCKET_ENDPOINT_URL and the keys."
                    );
                using var logs = Logging.ToStandardError(configuration);
                var retention = new Retention(target, TimeProvider.System, logs.CreateLogger<Retention>());
                return result.GetValue(daily)
                    ? await RunDailyAsync(retention, configuration, options, cancellationToken)
                    : await RunAsync(retention, target, options, result.GetValue(dryRun), cancellationToken);
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(
        Retention retention,
        S3Target target,
        DeliveryOptions options,
        bool isDryRun,
        CancellationToken cancellationToken
    )
    {
        var report = await retention.RunAsync(options.RetentionDays, isDryRun, cancellationToken);
        await Console.Out.WriteLineAsync(
            $"Retention {report}, older than {options.RetentionDays} days, under '{target.Prefix}/' in bucket '{target.Bucket}'."
        );
        if (report.FirstFailure is { } failure)
        {
            await Console.Error.WriteLineAsync($"vibevoice: {failure}");
            return ExitCode.Failed;
        }

        return ExitCode.Done;
    }

    private static async Task<int> RunDailyAsync(
        Retention retention,
        IConfiguration configuration,
        DeliveryOptions options,
        CancellationToken cancellationToken
    )
    {
        var stamp = WorkspaceCommand.Find(configuration).RetentionStamp;
        await retention.RunOncePerDayAsync(stamp, options.RetentionDays, cancellationToken);
        return ExitCode.Done;
    }
}
