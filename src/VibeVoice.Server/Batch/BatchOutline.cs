using VibeVoice.Server.Delivery;
using VibeVoice.Server.Models;
using VibeVoice.Server.Speech;
using static System.FormattableString;

namespace VibeVoice.Server.Batch;

/// <summary>What a batch would do, for a dry run.</summary>
internal static class BatchOutline
{
    public static async Task WriteAsync(BatchPlan plan, BatchRequest request)
    {
        var output = Console.Out;
        foreach (var chapter in plan.Parts.GroupBy(part => part.Chapter))
        {
            var characters = chapter.Sum(part => (long)part.Characters);
            await output.WriteLineAsync(
                Invariant(
                    $"{chapter.Key + 1, 4}  {chapter.Count(), 4} parts  {characters, 9:N0} characters  {Quote.Short(plan.Chapters[chapter.Key].Title)}"
                )
            );
        }

        var duration = AnswerLimits.EstimatedDuration(plan.Characters, request.Template.Speed);
        await output.WriteLineAsync(
            Invariant(
                $"{plan.Chapters.Count} chapters, {plan.Jobs.Count} jobs of at most {request.PartCharacters:N0} characters, {plan.Characters:N0} in all: about {DownloadProgress.Describe(duration)} of audio into '{request.Output}'. Nothing was sent."
            )
        );
    }
}
