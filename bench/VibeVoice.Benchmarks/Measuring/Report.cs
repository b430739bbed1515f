using System.Globalization;

namespace VibeVoice.Benchmarks.Measuring;

/// <summary>All tables of one run and the machine they come from.</summary>
internal sealed class Report(Machine machine, DateTimeOffset time)
{
    private readonly List<Table> _tables = [];

    public string Head =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            # Figures of {time:yyyy-MM-dd}

            {machine.Processor}, {machine.Cores} cores; {machine.System}; {machine.Runtime}; ffmpeg {machine.Ffmpeg}; espeak-ng {machine.Espeak}.
            Written by `make bench`. Load average before it: {machine.Load:0.0}; other work on the machine shows in max, least in min.

            """
        );

    public void Add(Table table) => _tables.Add(table);

    /// <param name="folder">Where to.</param>
    /// <param name="plot">SVG of the engine's figures, written beside the tables.</param>
    /// <returns>The file that was written.</returns>
    public string Save(string folder, string? plot)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{machine.ShortName}.md");
        File.WriteAllText(path, string.Join('\n', _tables.Select(table => table.ToString()).Prepend(Head)));
        if (plot is not null)
        {
            File.WriteAllText(Path.ChangeExtension(path, ".svg"), plot);
        }

        return path;
    }
}
