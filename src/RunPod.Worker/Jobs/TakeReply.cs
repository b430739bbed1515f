using System.Text.Json;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Jobs;

/// <summary>The answer to a take, read with suspicion: one bad element must not cost the others.</summary>
/// <param name="Verdict">What it means.</param>
/// <param name="Jobs">Jobs to run, in order.</param>
/// <param name="Problems">A sentence for each thing that was not understood.</param>
internal sealed record TakeReply(TakeVerdict Verdict, IReadOnlyList<TakenJob> Jobs, IReadOnlyList<string> Problems)
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    public static TakeReply Read(Reply reply)
    {
        return reply switch
        {
            // 400 is what a worker gets that was just thawed; the platform's own client takes it for an empty queue.
            { Status: 204 or 400 } => new(TakeVerdict.Empty, [], []),
            { Status: 429 } => new(TakeVerdict.Busy, [], []),
            { Status: 401 or 403 or 404 } => new(TakeVerdict.Refused, [], [$"it answered {reply.Status}"]),
            { IsSuccess: false } => Failed($"it answered {reply.Status}"),
            { IsJson: false, Body.Length: 0 } => new(TakeVerdict.Empty, [], []),
            { IsJson: false } => Failed(
                $"it answered with content type '{reply.MediaType}' where 'application/json' was expected"
            ),
            { Body.Length: 0 } => new(TakeVerdict.Empty, [], []),
            _ => ReadJson(reply.Body),
        };
    }

    private static TakeReply ReadJson(ReadOnlyMemory<byte> body)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body, Deep);
        }
        catch (JsonException e)
        {
            return Failed($"its {body.Length} bytes are not JSON ({e.Message.TrimEnd('.')})");
        }

        using (document)
        {
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Object => ReadElements([document.RootElement]),
                JsonValueKind.Array => ReadElements([.. document.RootElement.EnumerateArray()]),
                JsonValueKind.Null => new(TakeVerdict.Empty, [], []),
                var kind => Failed($"it answered with a JSON {kind} where a job was expected"),
            };
        }
    }

    private static TakeReply ReadElements(IReadOnlyList<JsonElement> elements)
    {
        var jobs = new List<TakenJob>();
        var problems = new List<string>();
        foreach (var element in elements)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                problems.Add($"a job was skipped: it is a JSON {element.ValueKind} where an object was expected");
            }
            else if (!element.TryGetProperty("id", out var id) || JsonText.Of(id) is not { Length: > 0 } text)
            {
                problems.Add("a job was skipped: it has no 'id' that is a text, so nothing could be answered");
            }
            else
            {
                jobs.Add(new TakenJob(text, element.Clone()));
            }
        }

        var verdict =
            jobs.Count > 0 ? TakeVerdict.Jobs
            : problems.Count > 0 ? TakeVerdict.Failed
            : TakeVerdict.Empty;
        return new TakeReply(verdict, jobs, problems);
    }

    private static TakeReply Failed(string problem) => new(TakeVerdict.Failed, [], [problem]);
}
