using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Testing.Http;

/// <summary>Many connections that send the same request again and again, and what became of each of them.</summary>
public sealed class Load
{
    private readonly ConcurrentDictionary<int, int> _statuses = new();
    private readonly ConcurrentBag<string> _lost = [];
    private readonly ConcurrentBag<string> _untold = [];

    private Load() { }

    /// <summary>Requests by the status of their answer, of those that came whole.</summary>
    public IReadOnlyDictionary<int, int> Statuses => _statuses;

    /// <summary>What happened to requests that got no answer, or not a whole one.</summary>
    public IReadOnlyCollection<string> Lost => _lost;

    /// <summary>Refusals that do not say when to come again.</summary>
    public IReadOnlyCollection<string> Untold => _untold;

    public int Served => _statuses.GetValueOrDefault(200);

    public int Refused => _statuses.GetValueOrDefault(429);

    /// <summary>Runs it to its end.</summary>
    /// <param name="url">Where to.</param>
    /// <param name="json">The body.</param>
    /// <param name="connections">All of them are open at once.</param>
    /// <param name="requests">Of each connection.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<Load> RunAsync(
        Uri url,
        string json,
        int connections,
        int requests,
        CancellationToken cancellationToken
    )
    {
        var load = new Load();
        using var client = new HttpClient(
            new SocketsHttpHandler { MaxConnectionsPerServer = connections, UseProxy = false }
        )
        {
            Timeout = TimeSpan.FromMinutes(5),
        };
        await Task.WhenAll(
            Enumerable.Range(0, connections).Select(_ => load.SendAsync(client, url, json, requests, cancellationToken))
        );
        return load;
    }

    private async Task SendAsync(HttpClient client, Uri url, string json, int requests, CancellationToken token)
    {
        // Off the caller, so that all begin at once.
        await Task.Yield();
        for (var i = 0; i < requests; i++)
        {
            try
            {
                using var body = new StringContent(json, Encoding.UTF8, "application/json");
                using var answer = await client.PostAsync(url, body, token);
                await answer.Content.ReadAsByteArrayAsync(token);
                _statuses.AddOrUpdate((int)answer.StatusCode, 1, (_, count) => count + 1);
                if (answer is { StatusCode: HttpStatusCode.TooManyRequests, Headers.RetryAfter: null })
                {
                    _untold.Add($"{answer}");
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                _lost.Add(exception.Message);
            }
        }
    }
}
