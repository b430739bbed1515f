using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace RunPod.Worker.Emulator.Http;

/// <summary>Numbers in queries.</summary>
internal static class Query
{
    /// <summary>
    /// A time in milliseconds, kept within its bounds as the clients of the platform do themselves; false where it is no
    /// whole number.
    /// </summary>
    public static bool TryReadTime(
        HttpContext http,
        string name,
        TimeSpan otherwise,
        TimeSpan least,
        TimeSpan most,
        out TimeSpan time
    )
    {
        time = otherwise;
        var text = http.Request.Query[name].ToString();
        if (text.Length == 0)
        {
            return true;
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var milliseconds))
        {
            return false;
        }

        time = TimeSpan.FromMilliseconds(
            Math.Clamp(milliseconds, (long)least.TotalMilliseconds, (long)most.TotalMilliseconds)
        );
        return true;
    }
}
