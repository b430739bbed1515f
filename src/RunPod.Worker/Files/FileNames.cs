namespace RunPod.Worker;

/// <summary>Names that servers give to files, which must not lead out of a folder.</summary>
internal static class FileNames
{
    /// <summary>The name in Content-Disposition, else the end of the URL; without folders, "file" where there is none.</summary>
    public static string Of(HttpResponseMessage response)
    {
        var disposition = response.Content.Headers.ContentDisposition;
        var said = (disposition?.FileNameStar ?? disposition?.FileName)?.Trim('"');
        var path = Uri.UnescapeDataString(response.RequestMessage?.RequestUri?.AbsolutePath ?? "");
        var name = LastPart(said ?? "");
        name = name.Length > 0 ? name : LastPart(path);
        return name is "" or "." or ".." ? "file" : name;
    }

    /// <summary>The ending with its dot if it is a plain one, else nothing.</summary>
    public static string Extension(string name)
    {
        var extension = Path.GetExtension(name);
        return extension.Length is > 1 and <= 12 && extension.Skip(1).All(char.IsAsciiLetterOrDigit) ? extension : "";
    }

    private static string LastPart(string path) =>
        string.Concat(path.Split('/', '\\')[^1].Where(c => !char.IsControl(c)));
}
