using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Testing.Hub;

/// <summary>
/// A model hub on a free local port, with real sockets: repositories, revisions, small files from itself and large ones by a
/// redirect to a store on another port, whose addresses are signed. It remembers every request and misbehaves as told.
/// Thread-safe.
/// </summary>
public sealed class FakeHub : IAsyncDisposable
{
    private readonly WebApplication _hub;
    private readonly WebApplication _store;
    private readonly ConcurrentQueue<HubRequest> _requests = new();
    private readonly ConcurrentDictionary<string, Repository> _repositories = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _contents = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _renamed = new(StringComparer.Ordinal);
    private readonly List<Rule> _rules = [];
    private readonly Lock _lock = new();
    private int _signature;

    private FakeHub()
    {
        _hub = Create(AnswerAsHubAsync);
        _store = Create(AnswerAsStoreAsync);
    }

    /// <summary>The value of HF_ENDPOINT.</summary>
    public string Address => _hub.Urls.Single();

    /// <summary>All requests in the order they arrived, refused ones too.</summary>
    public IReadOnlyList<HubRequest> Requests => [.. _requests];

    public static async Task<FakeHub> StartAsync(CancellationToken cancellationToken)
    {
        var fake = new FakeHub();
        await fake._hub.StartAsync(cancellationToken);
        await fake._store.StartAsync(cancellationToken);
        return fake;
    }

    /// <summary>Adds a repository, or a commit to one; its branch 'main' is that commit from now on.</summary>
    /// <param name="id">"org/name".</param>
    /// <param name="files">Their contents by their paths.</param>
    /// <param name="token">The token that may read it, gated for others; null where everybody may.</param>
    /// <returns>The commit.</returns>
    public string Add(string id, IReadOnlyDictionary<string, byte[]> files, string? token = null)
    {
        var names = string.Join('\n', files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(Describe));
        var commit = Sha256(Encoding.UTF8.GetBytes(id + names))[..40];
        var repository = _repositories.GetOrAdd(id, _ => new Repository(token));
        repository.Commits[commit] = files;
        repository.Main = commit;
        foreach (var content in files.Values)
        {
            _contents[Sha256(content)] = content;
        }

        return commit;
    }

    /// <summary>Makes an old name lead to a repository, as the hub does after a renaming.</summary>
    public void Rename(string old, string id) => _renamed[old] = id;

    /// <summary>From now on the store refuses the addresses that were given out before.</summary>
    public void ExpireAddresses() => Interlocked.Increment(ref _signature);

    /// <summary>Makes requests misbehave.</summary>
    /// <param name="where">Which of them.</param>
    /// <param name="fault">What happens to them.</param>
    /// <param name="times">How many of them; all by default.</param>
    public void On(Func<HubRequest, bool> where, HubFault fault, int times = int.MaxValue)
    {
        lock (_lock)
        {
            _rules.Add(new Rule(where, fault) { TimesLeft = times });
        }
    }

    /// <summary>Ends all misbehaviour.</summary>
    public void Heal()
    {
        lock (_lock)
        {
            _rules.Clear();
        }
    }

    /// <summary>SHA-256 in lower-case hexadecimal digits: the ETag of a large file.</summary>
    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Git's SHA-1 of a file: the ETag of a small one.</summary>
    public static string GitSha1(byte[] content) =>
#pragma warning disable CA5350 // Git chose it, and nothing here is secret.
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _store.DisposeAsync();
    }

    private static string Describe(KeyValuePair<string, byte[]> file) => $"{file.Key} {Sha256(file.Value)}";

    private static bool IsLarge(string path) =>
        path.EndsWith(".safetensors", StringComparison.Ordinal) || path is "tokenizer.json";

    private static WebApplication Create(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        application.Run(answer);
        return application;
    }

    private async Task AnswerAsHubAsync(HttpContext context)
    {
        if (await RecordAsync(context, isStore: false) is not { } fault)
        {
            return;
        }

        var parts = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var isQuestion = parts is ["api", "models", ..];
        var name = isQuestion ? parts[2..4] : parts[..2];
        var rest = isQuestion ? parts[4..] : parts[2..];
        var id = string.Join('/', name);
        if (_renamed.TryGetValue(id, out var renamed))
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = context.Request.Path.Value!.Replace(
                id,
                renamed,
                StringComparison.Ordinal
            );
            return;
        }

        if (!_repositories.TryGetValue(id, out var repository))
        {
            Refuse(context, 404, "RepoNotFound");
        }
        else if (repository.Token is { } token && context.Request.Headers.Authorization != $"Bearer {token}")
        {
            Refuse(context, context.Request.Headers.Authorization.Count == 0 ? 401 : 403, "GatedRepo");
        }
        else if (rest is not [_, var revision, .. var path])
        {
            Refuse(context, 404, "EntryNotFound");
        }
        else if (repository.Find(Uri.UnescapeDataString(revision)) is not { } commit)
        {
            Refuse(context, 404, "RevisionNotFound");
        }
        else if (isQuestion)
        {
            var siblings = repository.Commits[commit].Keys.Select(file => new JsonObject { ["rfilename"] = file });
            var answer = new JsonObject { ["sha"] = commit, ["siblings"] = new JsonArray([.. siblings]) };
            await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
        }
        else
        {
            await AnswerFileAsync(context, repository.Commits[commit], commit, string.Join('/', path), fault);
        }
    }

    private async Task AnswerFileAsync(
        HttpContext context,
        IReadOnlyDictionary<string, byte[]> files,
        string commit,
        string path,
        HubFault fault
    )
    {
        if (!files.TryGetValue(path, out var content))
        {
            Refuse(context, 404, "EntryNotFound");
            return;
        }

        var headers = context.Response.Headers;
        headers["X-Repo-Commit"] = commit;
        if (!IsLarge(path))
        {
            headers.ETag = $"\"{GitSha1(content)}\"";
            await SendAsync(context, content, fault);
            return;
        }

        headers["X-Linked-Size"] = content.Length.ToString(CultureInfo.InvariantCulture);
        headers["X-Linked-ETag"] = $"\"{Sha256(content)}\"";
        headers.ETag = "\"of-the-redirect\"";
        headers.Location = $"{_store.Urls.Single()}/{Sha256(content)}?signature={_signature}";
        context.Response.StatusCode = 302;
    }

    private async Task AnswerAsStoreAsync(HttpContext context)
    {
        if (await RecordAsync(context, isStore: true) is not { } fault)
        {
            return;
        }

        if (context.Request.Query["signature"] != _signature.ToString(CultureInfo.InvariantCulture))
        {
            context.Response.StatusCode = 403;
            return;
        }

        await SendAsync(context, _contents[context.Request.Path.Value![1..]], fault);
    }

    /// <summary>Remembers the request; null where a fault has answered it already.</summary>
    private async Task<HubFault?> RecordAsync(HttpContext context, bool isStore)
    {
        var headers = context.Request.Headers;
        var request = new HubRequest(
            isStore,
            context.Request.Method,
            context.Request.Path.Value!,
            headers.Range.ToString(),
            headers.Authorization.ToString()
        );
        _requests.Enqueue(request);
        var fault = Take(request);
        if (fault.Status is not { } status)
        {
            return fault;
        }

        context.Response.Headers.RetryAfter = fault.RetryAfter;
        Refuse(context, status, fault.ErrorCode);
        await context.Response.WriteAsync(fault.Body, context.RequestAborted);
        return null;
    }

    private HubFault Take(HubRequest request)
    {
        lock (_lock)
        {
            var rule = _rules.FirstOrDefault(rule => rule.TimesLeft > 0 && rule.Where(request));
            if (rule is null)
            {
                return new HubFault();
            }

            rule.TimesLeft--;
            return rule.Fault;
        }
    }

    private static void Refuse(HttpContext context, int status, string? code)
    {
        context.Response.StatusCode = status;
        context.Response.Headers["X-Error-Code"] = code;
    }

    private static async Task SendAsync(HttpContext context, byte[] content, HubFault fault)
    {
        var (start, end) = (0, content.Length);
        var range = context.Request.GetTypedHeaders().Range?.Ranges.Single();
        if (range is { From: { } from } && !fault.IgnoresRange)
        {
            if (from >= content.Length)
            {
                context.Response.StatusCode = 416;
                return;
            }

            (start, end) = ((int)from, (int)Math.Min((range.To ?? long.MaxValue - 1) + 1, content.Length));
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {start}-{end - 1}/{content.Length}";
        }

        context.Response.ContentLength = end - start;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        var body = content[start..end];
        if (fault.Corrupts)
        {
            body[^1] ^= 1;
        }

        var sent = Math.Min(fault.CutsAfterBytes ?? body.Length, body.Length);
        await WriteAsync(context, body.AsMemory(0, sent), fault.BytesPerSecond);
        if (sent < body.Length)
        {
            context.Abort();
        }
    }

    private static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> body, int? bytesPerSecond)
    {
        var slice = bytesPerSecond / 50 ?? 64 * 1024;
        for (var position = 0; position < body.Length; position += slice)
        {
            await context.Response.Body.WriteAsync(
                body.Slice(position, Math.Min(slice, body.Length - position)),
                context.RequestAborted
            );
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (bytesPerSecond is not null)
            {
                await Task.Delay(20, context.RequestAborted);
            }
        }
    }

    private sealed class Repository(string? token)
    {
        public string? Token => token;

        public string Main { get; set; } = "";

        public ConcurrentDictionary<string, IReadOnlyDictionary<string, byte[]>> Commits { get; } =
            new(StringComparer.Ordinal);

        public string? Find(string revision) =>
            revision == "main" ? Main
            : Commits.ContainsKey(revision) ? revision
            : null;
    }

    private sealed record Rule(Func<HubRequest, bool> Where, HubFault Fault)
    {
        public int TimesLeft { get; set; }
    }
}
