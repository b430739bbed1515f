using System.Globalization;
using System.Text;

namespace VibeVoice.Benchmarks.Measuring;

/// <summary>Figures that belong together, laid out as Markdown that also reads well in a terminal.</summary>
/// <param name="title">The heading.</param>
/// <param name="unit">Of all figures: "ms", "MB".</param>
/// <param name="explanation">What was done, for a reader who has not seen the code.</param>
internal sealed class Table(string title, string unit, string explanation)
{
    private readonly List<Figure> _figures = [];

    /// <param name="name">What was measured.</param>
    /// <param name="sample">The figures.</param>
    /// <param name="aim">What the median should stay under.</param>
    /// <param name="against">The same of another program.</param>
    /// <param name="least">What the median should reach, where more is better.</param>
    public void Add(string name, Sample sample, double? aim = null, Sample? against = null, double? least = null) =>
        _figures.Add(new Figure(name, sample, aim, against, least));

    public override string ToString()
    {
        string[] head = [unit, "median", "min", "max", "aim"];
        if (_figures.Exists(figure => figure.Against is not null))
        {
            head = [.. head, "other", "ratio"];
        }

        var rows = _figures.Select(figure => Cells(figure, head.Length)).ToList();
        var widths = head.Select((name, i) => Math.Max(name.Length, rows.Max(row => row[i].Length))).ToList();
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"## {title}").AppendLine().AppendLine(explanation).AppendLine();
        AppendRow(text, head, widths);
        AppendRow(text, [.. widths.Select((width, i) => i == 0 ? new string('-', width) : Rule(width))], widths);
        rows.ForEach(row => AppendRow(text, row, widths));
        return text.ToString();
    }

    private static string Rule(int width) => new string('-', width - 1) + ":";

    private static string[] Cells(Figure figure, int columns)
    {
        string[] cells =
        [
            figure.Name,
            Number(figure.Sample.Median),
            figure.Sample.IsRepeated ? Number(figure.Sample.Min) : "",
            figure.Sample.IsRepeated ? Number(figure.Sample.Max) : "",
            figure.Aim is { } aim ? Aim(aim, figure.Sample.Median)
            : figure.Least is { } least ? Least(least, figure.Sample.Median)
            : "",
            figure.Against is { } other ? Number(other.Median) : "",
            figure.Against is { } before
                ? (figure.Sample.Median / before.Median).ToString("0.00", CultureInfo.InvariantCulture)
                : "",
        ];
        return cells[..columns];
    }

    private static string Aim(double aim, double median) =>
        string.Create(CultureInfo.InvariantCulture, $"{(median < aim ? "" : "missed ")}< {aim:0.##}");

    private static string Least(double least, double median) =>
        string.Create(CultureInfo.InvariantCulture, $"{(median >= least ? "" : "missed ")}≥ {least:0}");

    private static void AppendRow(StringBuilder text, IReadOnlyList<string> cells, List<int> widths)
    {
        var padded = cells.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]));
        text.Append("| ").AppendJoin(" | ", padded).AppendLine(" |");
    }

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture);

    private sealed record Figure(string Name, Sample Sample, double? Aim, Sample? Against, double? Least);
}
