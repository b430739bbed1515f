using System.Text.Json.Nodes;
using VibeVoice.Server.Batch;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Batch;

/// <summary>What was paid for is not paid for again, and nothing is taken for what it is not.</summary>
public sealed class ResumeTests
{
    [Fact]
    public async Task A_batch_that_was_stopped_goes_on_and_picks_up_the_jobs_that_run()
    {
        await using var stage = await BatchStage.StartAsync();
        var jobs = stage.Request().Plan().Jobs;
        using var stop = new CancellationTokenSource();
        stage.Endpoint.StatusOf = job => FakeEndpoint.InState(job, "IN_PROGRESS");
        stage.Endpoint.OnTaken = (_, _) =>
        {
            if (stage.Endpoint.Jobs.Count == 4)
            {
                stop.CancelAfter(100);
            }
        };

        await Should.ThrowAsync<OperationCanceledException>(() => stage.RunAsync(null, stop.Token));

        File.Exists(stage.Output).ShouldBeFalse();
        stage.Logs[^1].ShouldStartWith($"Stopped: 0 of {jobs.Count} parts done, 4 with the endpoint");
        stage.Endpoint.StatusOf = FakeEndpoint.Completed;

        (await stage.RunAsync()).ShouldBeTrue();

        await stage.ShouldBeWholeAsync();
        stage.Endpoint.Jobs.Count.ShouldBe(jobs.Count); // none was sent twice
    }

    [Fact]
    public async Task A_second_run_of_a_finished_batch_sends_nothing()
    {
        await using var stage = await BatchStage.StartAsync();
        await stage.RunAsync();
        var sent = stage.Endpoint.Requests.Count;

        (await stage.RunAsync(stage.Request() with { Title = "Another title" })).ShouldBeTrue();

        stage.Endpoint.Requests.Count.ShouldBe(sent);
        await stage.ShouldBeWholeAsync();
    }

    [Fact]
    public async Task Jobs_whose_results_have_expired_in_between_are_sent_anew_and_are_no_failures()
    {
        await using var stage = await BatchStage.StartAsync();
        using var stop = new CancellationTokenSource();
        stage.Endpoint.StatusOf = job => FakeEndpoint.InState(job, "IN_QUEUE");
        stage.Endpoint.OnTaken = (_, _) => stop.CancelAfter(100);
        await Should.ThrowAsync<OperationCanceledException>(() => stage.RunAsync(null, stop.Token));
        var before = stage.Endpoint.Jobs.Select(job => job.Id).ToHashSet();
        stage.Endpoint.StatusOf = job => before.Contains(job.Id) ? null : FakeEndpoint.Completed(job);

        (await stage.RunAsync(stage.Request() with { Options = new BatchOptions { Attempts = 1 } })).ShouldBeTrue();

        await stage.ShouldBeWholeAsync();
        stage.Endpoint.Jobs.Count.ShouldBe(stage.Request().Plan().Jobs.Count + before.Count);
    }

    [Fact]
    public async Task Stopping_can_cancel_the_jobs_that_run()
    {
        await using var stage = await BatchStage.StartAsync();
        using var stop = new CancellationTokenSource();
        stage.Endpoint.StatusOf = job => FakeEndpoint.InState(job, "IN_PROGRESS");
        stage.Endpoint.OnTaken = (_, _) => stop.CancelAfter(100);
        var request = stage.Request() with { Options = new BatchOptions { CancelOnStop = true } };

        await Should.ThrowAsync<OperationCanceledException>(() => stage.RunAsync(request, stop.Token));

        stage.Endpoint.Jobs.ShouldNotBeEmpty();
        stage.Endpoint.Jobs.ShouldAllBe(job => job.IsCancelled);
        var parts = Manifest(stage)["parts"]!.AsObject();
        parts.ShouldAllBe(part => part.Value!["state"]!.GetValue<string>() == "Pending");
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("changed")]
    public async Task A_file_that_is_not_what_was_fetched_is_made_again_alone(string harm)
    {
        await using var stage = await BatchStage.StartAsync();
        await stage.RunAsync();
        var jobs = stage.Endpoint.Jobs.Count;
        var file = Directory.GetFiles(stage.WorkFolder, "*.wav")[3];
        if (harm == "gone")
        {
            File.Delete(file);
        }
        else
        {
            var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            bytes[5000] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        }

        (await stage.RunAsync()).ShouldBeTrue();

        stage.Endpoint.Jobs.Count.ShouldBe(jobs + 1);
        await stage.ShouldBeWholeAsync();
    }

    [Fact]
    public async Task Another_text_or_voice_is_told_and_force_keeps_what_stays_the_same()
    {
        await using var stage = await BatchStage.StartAsync();
        await stage.RunAsync();
        var before = stage.Endpoint.Jobs.Count;
        var changed = stage.Request(
            BatchStage.Book().Replace("sentence 2 of chapter 1", "sentence two", StringComparison.Ordinal)
        );
        var other = changed with { Template = new JobTemplate(new SpeechInput { Voice = "mike" }, AudioFormat.Wav) };

        var refusal = await Should.ThrowAsync<JobRejectedException>(() => stage.RunAsync(other));

        refusal.Message.ShouldContain("the book has changed; '--voice' was not given and is 'mike'");
        stage.Endpoint.Jobs.Count.ShouldBe(before);

        (await stage.RunAsync(changed with { IsForced = true })).ShouldBeTrue();

        var known = stage.Request().Plan().Jobs.Select(part => part.Key).ToHashSet();
        var isNew = changed.Plan().Jobs.Count(part => !known.Contains(part.Key));
        stage.Endpoint.Jobs.Count.ShouldBe(before + isNew);
        isNew.ShouldBeInRange(1, 3);
        await stage.ShouldBeWholeAsync(changed);
    }

    [Fact]
    public async Task Two_batches_never_work_in_one_folder()
    {
        await using var stage = await BatchStage.StartAsync();
        var isFree = false;
        stage.Endpoint.StatusOf = job =>
            isFree ? FakeEndpoint.Completed(job) : FakeEndpoint.InState(job, "IN_PROGRESS");
        var first = stage.RunAsync();
        while (stage.Endpoint.Jobs.Count == 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => stage.RunAsync());

        failure.Message.ShouldBe(
            $"Another batch is at work in '{stage.WorkFolder}'. Wait for its end, or name another folder with '--work'."
        );
        isFree = true;
        (await first).ShouldBeTrue();
        await stage.ShouldBeWholeAsync();
    }

    [Fact]
    public async Task A_manifest_that_somebody_broke_is_told()
    {
        await using var stage = await BatchStage.StartAsync();
        Directory.CreateDirectory(stage.WorkFolder);
        await File.WriteAllTextAsync(
            Path.Combine(stage.WorkFolder, "manifest.json"),
            "{\"version\": 1, \"par",
            TestContext.Current.CancellationToken
        );

        (await Should.ThrowAsync<JobRejectedException>(() => stage.RunAsync())).Message.ShouldContain("--force");
        (await stage.RunAsync(stage.Request() with { IsForced = true })).ShouldBeTrue();
    }

    [Fact]
    public async Task The_manifest_has_no_word_of_the_book()
    {
        await using var stage = await BatchStage.StartAsync();
        await stage.RunAsync();

        var text = Manifest(stage).ToJsonString();

        text.ShouldNotContain("sentence");
        text.ShouldNotContain("Chapter");
        text.ShouldNotContain(BatchStage.Key);
    }

    private static JsonNode Manifest(BatchStage stage) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(stage.WorkFolder, "manifest.json")))!;
}
