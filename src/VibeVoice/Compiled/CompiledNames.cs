using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace VibeVoice.Compiled;

/// <summary>Names in the folder of compiled weights: whose a file is, and what it is for.</summary>
/// <remarks><code>
/// {model}-{precision}-{16 hex digits}.weights        whole, and never written again
/// .{that name}.{machine}.{32 hex digits}.tmp         grows beside it; machine: 8 hex digits
/// .{that name}.lock                                  held by the process that makes it
/// </code></remarks>
internal static partial class CompiledNames
{
    public const string Extension = ".weights";

    /// <summary>This machine since it was started: what ran before that, or elsewhere, is another.</summary>
    private static readonly string Machine = Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(ReadMachine()))
    )[..8];

    /// <summary>A new name for one that is being made.</summary>
    public static string Temporary(string fileName) => $".{fileName}.{Machine}.{Guid.NewGuid():N}.tmp";

    public static string Lock(string fileName) => $".{fileName}.lock";

    public static bool IsCompiled(string name) => CompiledName().IsMatch(name);

    public static bool IsLock(string name) => LockName().IsMatch(name);

    public static bool IsTemporary(string name) => TemporaryName().IsMatch(name);

    /// <summary>Whether it was begun by a process of this machine that made <paramref name="fileName"/>.</summary>
    public static bool IsTemporaryHere(string name, string fileName) =>
        IsTemporary(name) && name.StartsWith($".{fileName}.{Machine}.", StringComparison.Ordinal);

    private static string ReadMachine()
    {
        const string boot = "/proc/sys/kernel/random/boot_id";
        return File.Exists(boot) ? File.ReadAllText(boot) : Environment.MachineName;
    }

    private const string Compiled = @"[a-z0-9.-]+-[0-9a-f]{16}\.weights";

    [GeneratedRegex(@"\A" + Compiled + @"\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CompiledName();

    [GeneratedRegex(@"\A\." + Compiled + @"\.lock\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LockName();

    [GeneratedRegex(
        @"\A\." + Compiled + @"\.[0-9a-f]{8}\.[0-9a-f]{32}\.tmp\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex TemporaryName();
}
