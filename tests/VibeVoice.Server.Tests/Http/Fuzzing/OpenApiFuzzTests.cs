using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Jobs;
using VibeVoice.Server.Http.Jobs.Storage;
using VibeVoice.Server.Tests.Http.Jobs;

namespace VibeVoice.Server.Tests.Http.Fuzzing;

/// <summary>
/// Walks the OpenAPI document of a running server and asks for everything in it, rightly and wrongly. Never a 500; every answer
/// has a status and a type that the document lists; every error is in OpenAI's shape; what the document allows is accepted, and
/// what it does not allow is refused; and the server answers afterwards.
/// </summary>
[Collection(ProcessesCollection.Name)]
public sealed class OpenApiFuzzTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-fuzz-");
    private readonly List<string> _jobs = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task The_server_does_as_its_document_says() => FuzzAsync(seed: 1, rounds: 40);

    [Fact]
    [Trait("Category", "Soak")]
    public async Task The_server_does_as_its_document_says_for_minutes()
    {
        var clock = Stopwatch.StartNew();
        for (var seed = 2; clock.Elapsed < TimeSpan.FromMinutes(3); seed++)
        {
            await FuzzAsync(seed, rounds: 200);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task FuzzAsync(int seed, int rounds)
    {
        var random = new Random(seed);
        await using var stage = await HttpStage.StartAsync(
            new ChunkedSynthesizer { FramesOfChunk = 1 },
            new HttpOptions
            {
                ApiKeys = "key",
                QueueLength = 0,
                MaxBodyBytes = 200_000,
            },
            jobs: new FolderStore(_folder.FullName, TimeProvider.System),
            jobOptions: new JobOptions { MostOpen = 5 }
        );
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = stage.Client.BaseAddress,
        };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "key");
        var operations = Operation.ReadAll(JsonElement.Parse(await client.GetStringAsync("/openapi.json", Token)));
        operations.Count.ShouldBeGreaterThan(10);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var operation in operations)
            {
                await AskAsync(client, operation, random, $"seed {seed}, round {round}");
            }
        }

        (await client.GetAsync("/ping", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        stage.Logs.GetSnapshot().ShouldAllBe(record => record.Level < Microsoft.Extensions.Logging.LogLevel.Error);
    }

    private async Task AskAsync(HttpClient client, Operation operation, Random random, string where)
    {
        using var request = new HttpRequestMessage(new HttpMethod(operation.Method), PathOf(operation, random));
        var expected = Expected.Anything;
        if (random.Next(12) == 0)
        {
            request.Method = new HttpMethod(
                random.GetItems(["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "HEAD"], 1)[0]
            );
        }

        var fault = "";
        if (operation.Body is not null)
        {
            (request.Content, expected, fault) = Content(operation, random);
        }

        var isKeyless = random.Next(10) == 0;
        if (isKeyless)
        {
            request.Headers.TryAddWithoutValidation(
                "Authorization",
                random.GetItems(["", "Bearer no", "Basic x", "Bearer"], 1)[0]
            );
        }

        foreach (var name in random.GetItems(["Idempotency-Key", "Accept", "Range", "X-Request-Id"], random.Next(3)))
        {
            request.Headers.TryAddWithoutValidation(
                name,
                random.GetItems(["1", "", "a b", "bytes=0-", "*/*", "\t"], 1)[0]
            );
        }

        using var answer = await client.SendAsync(request, Token);
        var text = await answer.Content.ReadAsStringAsync(Token);
        var what =
            $"{where}: {request.Method} {request.RequestUri} ({operation}), {fault} -> {(int)answer.StatusCode} {text[..Math.Min(300, text.Length)]}";
        Check(operation, request, answer, text, what);
        if (request.Method.Method == operation.Method && !isKeyless)
        {
            CheckExpected(expected, request, answer, what);
        }

        if (operation.Path == JobClient.Path && answer.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.OK)
        {
            Remember(text);
        }
    }

    private static void Check(
        Operation operation,
        HttpRequestMessage request,
        HttpResponseMessage answer,
        string text,
        string what
    )
    {
        var status = (int)answer.StatusCode;
        status.ShouldNotBe(500, what);
        var type = answer.Content.Headers.ContentType?.MediaType;
        // Another method may be another operation's, and one that is nobody's is listed nowhere.
        if (request.Method.Method == operation.Method)
        {
            var types = operation.TypesOf(status).ShouldNotBeNull(what);
            (type is null ? types.Count == 0 || status == 302 : types.Contains(type)).ShouldBeTrue($"{type}: {what}");
        }

        if (
            status >= 400
            && request.Method != HttpMethod.Head
            && !operation.Path.StartsWith("/ping", StringComparison.Ordinal)
        )
        {
            type.ShouldBe("application/json", what);
            JsonElement
                .Parse(text)
                .GetProperty("error")
                .EnumerateObject()
                .Select(property => property.Name)
                .ShouldBe(["message", "type", "param", "code"], what);
        }
    }

    private static void CheckExpected(
        Expected expected,
        HttpRequestMessage request,
        HttpResponseMessage answer,
        string what
    )
    {
        var status = (int)answer.StatusCode;
        // A key that is no key, or that another body had, is refused whatever the body.
        var isOther = status is 429 or 503 || (request.Headers.Contains("Idempotency-Key") && status is 400 or 409);
        if (expected == Expected.Accepted && !isOther)
        {
            status.ShouldBeInRange(200, 299, what);
        }
        else if (expected == Expected.Refused && !isOther)
        {
            status.ShouldBeOneOf([400, 413, 415], what);
        }
    }

    private static (HttpContent Content, Expected Expected, string Fault) Content(Operation operation, Random random)
    {
        var maker = new BodyMaker(operation, random);
        switch (random.Next(10))
        {
            case < 3:
                var valid = maker.Valid().ToJsonString();
                return (Json(valid), Expected.Accepted, $"valid {valid}");
            case < 6:
                var (body, fault) = maker.Broken();
                return (Json(body?.ToJsonString() ?? "null"), Expected.Refused, $"{fault}: {body?.ToJsonString()}");
            case 6:
                var wild = maker.Wild()?.ToJsonString() ?? "null";
                return (Json(wild), Expected.Anything, $"wild {wild}");
            case 7:
                var bytes = new byte[random.Next(300)];
                random.NextBytes(bytes);
                var noise = new ByteArrayContent(bytes);
                noise.Headers.TryAddWithoutValidation("Content-Type", "application/json");
                return (noise, Expected.Anything, "noise");
            case 8:
                var other = Json(maker.Valid().ToJsonString());
                var type = random.GetItems(["text/plain", "multipart/form-data", "", "application/xml", "a"], 1)[0];
                other.Headers.Remove("Content-Type");
                other.Headers.TryAddWithoutValidation("Content-Type", type);
                return (other, Expected.Refused, $"of type '{type}'");
            default:
                var whole = maker.Valid().ToJsonString();
                var cut = random.Next(10) == 0 ? new string(' ', 250_000) : whole[..random.Next(whole.Length)];
                return (Json(cut), Expected.Refused, "cut off, or too large");
        }
    }

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");

    private string PathOf(Operation operation, Random random) =>
        operation.Path.Contains("{id", StringComparison.Ordinal)
            ? System.Text.RegularExpressions.Regex.Replace(operation.Path, @"\{[^}]*\}", Id(operation, random))
            : operation.Path;

    private string Id(Operation operation, Random random) =>
        random.Next(4) switch
        {
            0 when operation.Path.StartsWith(JobClient.Path, StringComparison.Ordinal) => JobId.New(),
            < 2 when _jobs.Count > 0 => _jobs[random.Next(_jobs.Count)],
            2 => "tts-1",
            _ => random.GetItems(
                ["x", "..%2f..%2fetc%2fpasswd", "job_", "a%20b", "%f0%9f%99%82", new string('a', 2000), "open"],
                1
            )[0],
        };

    private void Remember(string text)
    {
        if (JsonElement.Parse(text).TryGetProperty("id", out var id))
        {
            _jobs.Add(id.GetString()!);
        }
    }

    private enum Expected
    {
        Anything,
        Accepted,
        Refused,
    }
}
