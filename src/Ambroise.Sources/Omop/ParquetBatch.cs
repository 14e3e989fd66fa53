using Ambroise.Lake.Columns;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Csv;
using Ambroise.Sources.DuckDb;

namespace Ambroise.Sources.Omop;

/// <summary>Rows of a Parquet file with what is wrong with them. Filled again and again.</summary>
sealed class ParquetBatch
{
    const int MostRows = 1 << 16;
    const long MostBytes = 1 << 28;

    readonly ParquetScan plan;
    readonly Int64Column marks = new();
    readonly TextColumn text = new();
    readonly Column[] columns;

    public ParquetBatch(SourceFile file, ParquetScan plan)
    {
        this.plan = plan;
        Rows = new(file.Table) { SourceFile = file.Name };
        columns = plan.Marked ? [.. Rows.Columns, marks, text] : [.. Rows.Columns];
    }

    public Batch Rows { get; }

    public SortedDictionary<int, Fault> Faults { get; private set; } = [];

    /// <summary>A row's values as the file holds them, where one could not be typed.</summary>
    public byte[] Raw(int row) => text[row] is { Length: > 0 } raw ? raw.ToArray() : RowText.Of(Rows, row);

    /// <param name="row">Number of the next row of the file, from 1.</param>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="SourceException">Reading failed midway.</exception>
    public bool Fill(ChunkScan scan, ref long row)
    {
        foreach (var column in columns) column.Clear();
        scan.Reserved.Clear();
        while (Rows.Rows < MostRows && Rows.Bytes < MostBytes && scan.Next(columns) > 0) { }
        Faults = plan.Faults(marks, scan.Reserved);
        Rows.FirstLine = row;
        row += Rows.Rows;
        return Rows.Rows > 0;
    }
}
