using System.Net;
using System.Text.Json;

namespace VibeVoice.Server.Tests.Http.Jobs;

/// <summary>Makes jobs and asks for them as a client does.</summary>
internal static class JobClient
{
    public const string Path = "/v1/audio/jobs";

    /// <summary>Six chunks of 0.4 s.</summary>
    public const string Body =
        """{"input": "One. Two. Three. Four. Five. Six.", "response_format": "pcm", "seed": 1}""";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<HttpResponseMessage> SendAsync(
        this HttpClient client,
        string body,
        string? idempotencyKey = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
        };
        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        }

        return await client.SendAsync(request, Token);
    }

    /// <summary>The id of a new job.</summary>
    public static async Task<string> BeginAsync(this HttpClient client, string body = Body)
    {
        using var answer = await client.SendAsync(body);
        var text = await answer.Content.ReadAsStringAsync(Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, text);
        return JsonElement.Parse(text).GetProperty("id").GetString()!;
    }

    public static async Task<JsonElement> JobAsync(this HttpClient client, string id)
    {
        using var answer = await client.GetAsync($"{Path}/{id}", Token);
        var text = await answer.Content.ReadAsStringAsync(Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonElement.Parse(text);
    }

    public static string Status(this JsonElement job) => job.GetProperty("status").GetString()!;

    public static int PartsDone(this JsonElement job) =>
        job.GetProperty("progress").GetProperty("parts_done").GetInt32();

    /// <summary>Asks until the job is as wanted.</summary>
    public static async Task<JsonElement> UntilAsync(this HttpClient client, string id, Func<JsonElement, bool> isSo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(_patience);
        while (true)
        {
            var job = await client.JobAsync(id);
            if (isSo(job))
            {
                return job;
            }

            limit.IsCancellationRequested.ShouldBeFalse($"{job}");
            await Task.Delay(10, Token);
        }
    }

    public static Task<JsonElement> UntilDoneAsync(this HttpClient client, string id) =>
        client.UntilAsync(id, job => job.Status() is "done" or "failed");

    public static Task<byte[]> AudioAsync(this HttpClient client, string id) =>
        client.GetByteArrayAsync($"{Path}/{id}/audio", Token);

    public static async Task<HttpStatusCode> StatusAsync(this HttpClient client, string id)
    {
        using var answer = await client.GetAsync($"{Path}/{id}", Token);
        return answer.StatusCode;
    }
}
