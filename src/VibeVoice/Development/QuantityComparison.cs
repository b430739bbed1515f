namespace VibeVoice.Development;

/// <summary>Compares the rows of one quantity as they are computed.</summary>
internal sealed class QuantityComparison
{
    private readonly RecordedNumbers _recorded;
    private readonly int _width;
    private readonly int _recordedRows;
    private readonly double _peak;
    private int _rows;
    private double _difference;
    private int? _worstRow;

    public QuantityComparison(RecordedNumbers recorded, int width)
    {
        _recorded = recorded;
        _width = width;
        _recordedRows = recorded.RowsOf(width);
        foreach (var number in recorded.Elements)
        {
            _peak = Math.Max(_peak, Math.Abs((double)number)); // NaN stays
        }
    }

    /// <summary>Takes the next row; one that was not recorded is passed over.</summary>
    public void Add(ReadOnlySpan<float> row)
    {
        if (_rows < _recordedRows)
        {
            var expected = _recorded.Elements.AsSpan(_rows * _width, _width);
            for (var i = 0; i < expected.Length; i++)
            {
                var difference = Math.Abs((double)row[i] - expected[i]);
                if (!(difference <= _difference) && !double.IsNaN(_difference)) // NaN is the worst, and stays
                {
                    _difference = difference;
                    _worstRow = _rows;
                }
            }
        }

        _rows++;
    }

    /// <summary>Takes several rows.</summary>
    public void AddRows(ReadOnlySpan<float> rows)
    {
        for (; !rows.IsEmpty; rows = rows[_width..])
        {
            Add(rows[.._width]);
        }
    }

    public QuantityError Finish() =>
        new(_recorded.Name, _difference == 0 ? 0 : _difference / _peak, _peak, _worstRow, _rows, _recordedRows);
}
