using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace VibeVoice.Server.Http.Page;

/// <summary>The files of the page, which are part of the program.</summary>
internal static class PageFiles
{
    /// <summary>Before the names of the resources.</summary>
    private const string Folder = "page/";

    /// <summary>Reads all of them.</summary>
    public static IReadOnlyList<PageFile> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return
        [
            .. assembly
                .GetManifestResourceNames()
                .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
                .Select(name => PageFile.Of(name[Folder.Length..], ReadAll(assembly, name))),
        ];
    }

    private static byte[] ReadAll(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}

/// <summary>One file of the page.</summary>
/// <param name="Name">"page.css".</param>
/// <param name="Bytes">All of it.</param>
/// <param name="ContentType">Media type.</param>
/// <param name="Tag">By which a browser knows that its copy is still good.</param>
internal sealed record PageFile(string Name, byte[] Bytes, string ContentType, EntityTagHeaderValue Tag)
{
    public static PageFile Of(string name, byte[] bytes) =>
        new(
            name,
            bytes,
            Path.GetExtension(name) switch
            {
                ".html" => "text/html; charset=utf-8",
                ".css" => "text/css; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                ".svg" => "image/svg+xml",
                var other => throw new InvalidOperationException($"No media type is known for '{other}' of the page."),
            },
            new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..16])}\"")
        );
}
