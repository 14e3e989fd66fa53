using System.Collections.Concurrent;
using ParquetSharp;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>Which concept is above which, by the vocabulary's CONCEPT_ANCESTOR. Safe for use from several threads.</summary>
/// <remarks>Asked only where two codings of one concept are of one vocabulary and mean different things, which is rare: the table (tens of millions of rows) is not held, each pair is looked up once in the file, which lies in
/// order of the ancestor: in most files one group of rows has it.</remarks>
sealed class Ancestry(string folder)
{
    readonly ConcurrentDictionary<(int Above, int Below), bool> asked = [];

    public bool IsAbove(int above, int below) => asked.GetOrAdd((above, below), Look);

    bool Look((int Above, int Below) pair)
    {
        using var file = new ParquetFileReader(Path.Combine(folder, "concept_ancestor.parquet"));
        int ancestor = Column(file, "ancestor_concept_id"), descendant = Column(file, "descendant_concept_id");
        for (var g = 0; g < file.FileMetaData.NumRowGroups; g++)
        {
            using var group = file.RowGroup(g);
            if (!MayHold(group, ancestor, pair.Above)) continue;
            var (above, below) = (Values(group, ancestor), Values(group, descendant));
            for (var row = 0; row < above.Length; row++)
                if ((above[row], below[row]) == pair) return true;
        }
        return false;
    }

    static int Column(ParquetFileReader file, string name)
    {
        var schema = file.FileMetaData.Schema;
        return Enumerable.Range(0, file.FileMetaData.NumColumns).First(c => schema.Column(c).Name == name);
    }

    static bool MayHold(RowGroupReader group, int column, int concept)
    {
        using var of = group.MetaData.GetColumnChunkMetaData(column);
        using var statistics = of.Statistics;
        return statistics is not Statistics<int> { HasMinMax: true } known || known.Min <= concept && concept <= known.Max;
    }

    /// <returns>A value for each row, 0 where there is none.</returns>
    static int[] Values(RowGroupReader group, int column)
    {
        using var reader = (ColumnReader<int>)group.Column(column);
        var rows = checked((int)group.MetaData.NumRows);
        var (values, levels) = (new int[rows], new short[rows]);
        var present = 0;
        for (var done = 0; done < rows;)
        {
            var read = checked((int)reader.ReadBatch(rows - done, levels.AsSpan(done), default, values.AsSpan(present), out var some));
            if (read == 0) throw new InvalidDataException("A column ends before its rows do.");
            (done, present) = (done + read, present + checked((int)some));
        }
        if (present == rows) return values;
        var whole = new int[rows];
        for (int row = 0, next = 0; row < rows; row++)
            if (levels[row] > 0) whole[row] = values[next++];
        return whole;
    }
}
