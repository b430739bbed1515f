using System.Globalization;
using System.Text;

namespace VibeVoice.Benchmarks.Measuring;

/// <summary>Lines in panels side by side, as SVG that needs nothing else.</summary>
internal static class LinePlot
{
    private const int Width = 420;
    private const int Height = 300;
    private const int Margin = 50;

    public static string Write(string title, params IReadOnlyList<Panel> panels)
    {
        var svg = new StringBuilder();
        Line(
            $"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {Width * panels.Count} {Height}' font-family='sans-serif' font-size='12'>"
        );
        Line($"<rect width='100%' height='100%' fill='white'/>");
        Line($"<text x='{Margin}' y='20' font-size='14'>{title}</text>");
        for (var i = 0; i < panels.Count; i++)
        {
            Draw(panels[i], i * Width);
        }

        Line($"</svg>");
        return svg.ToString();

        void Draw(Panel panel, int left)
        {
            var mostX = panel.Points.Max(point => point.X);
            var mostY = Math.Max(0.1, panel.Points.Max(point => point.Y) * 1.2);
            var points = string.Join(' ', panel.Points.Select(point => Text($"{X(point.X):0.0},{Y(point.Y):0.0}")));
            Line($"<path d='M{X(0):0} {Y(mostY):0}V{Y(0):0}H{X(mostX):0}' fill='none' stroke='#888'/>");
            Line($"<polyline points='{points}' fill='none' stroke='#0a66c2' stroke-width='2'/>");
            foreach (var (x, y) in panel.Points)
            {
                Line(
                    $"<circle cx='{X(x):0.0}' cy='{Y(y):0.0}' r='3' fill='#0a66c2'><title>{x:0}: {y:0.00}</title></circle>"
                );
            }

            foreach (var part in new[] { 0.0, 0.5, 1.0 })
            {
                Line(
                    $"<text x='{X(0) - 6:0}' y='{Y(mostY * part) + 4:0}' text-anchor='end'>{mostY * part:0.00}</text>"
                );
                Line($"<text x='{X(mostX * part):0}' y='{Y(0) + 16:0}' text-anchor='middle'>{mostX * part:0.#}</text>");
            }

            Line($"<text x='{X(mostX / 2):0}' y='{Y(0) + 36:0}' text-anchor='middle'>{panel.Axis}</text>");

            double X(double x) => left + Margin + (x / mostX * (Width - (2 * Margin)));

            double Y(double y) => Height - Margin - (y / mostY * (Height - (2 * Margin)));
        }

        void Line(FormattableString line) => svg.AppendLine(Text(line));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <param name="Axis">What x is.</param>
    /// <param name="Points">From left to right.</param>
    public sealed record Panel(string Axis, IReadOnlyList<(double X, double Y)> Points);
}
