using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace RunPod.Worker.Emulator.Http;

/// <summary>Who may ask. Where no keys are set, everybody.</summary>
internal sealed class Keys(RunPodEmulatorOptions options)
{
    private const string Scheme = "Bearer ";

    public bool AdmitsClient(HttpContext http) =>
        options.ApiKeys.Count == 0 || options.ApiKeys.Any(key => AreEqual(key, KeyOf(http)));

    /// <summary>Workers are only guarded together with clients.</summary>
    public bool AdmitsWorker(HttpContext http) =>
        options.ApiKeys.Count == 0 || AreEqual(options.WorkerApiKey, KeyOf(http));

    /// <summary>The key, which stands behind a scheme or alone.</summary>
    private static string KeyOf(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString().Trim();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : header;
    }

    private static bool AreEqual(string a, string b) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b));
}
