using System.IO.Hashing;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;

namespace Ambroise.Tests.Lake;

public sealed class StagedRowsSpecs
{
    static readonly int Key = Cdm54.Note["note_id"].Ordinal, Text = Cdm54.Note["note_text"].Ordinal;

    [Theory]
    [InlineData(1L << 40, false)]
    [InlineData(1L << 40, true)]
    [InlineData(200_000L, true)]
    public void Rows_come_back_as_they_were_whatever_the_memory_and_though_their_batch_was_used_again(long memoryBytes, bool lends)
    {
        var folder = Directory.CreateTempSubdirectory("ambroise-staged-").FullName;
        try
        {
            using var staged = new StagedRows(folder, memoryBytes);
            var (batch, tags, wanted) = (new Batch(Cdm54.Note), new Int32Column(), new List<string>());
            for (int n = 0, chunk = 0; chunk < 60; chunk++)
            {
                batch.Clear();
                tags.Clear();
                for (var row = 0; row < 700; row++, n++)
                {
                    batch.Columns[Key].AppendFrom(Of(n), [0]);
                    if (n % 3 == 0) ((TextColumn)batch.Columns[Text]).AppendNull();
                    else ((TextColumn)batch.Columns[Text]).Append($"text {n}");
                    tags.Append(n * 7);
                    batch.Persons.Append(n / 5);
                    wanted.Add($"{n} {(n % 3 == 0 ? "null" : $"text {n}")} {n * 7} {n / 5}");
                }
                foreach (var column in batch.Columns)
                    if (column.Count < 700) column.AppendNulls(700 - column.Count);
                staged.Add(batch, tags);
            }
            var found = new List<string>();
            var next = lends ? new ArrayShelf(1 << 30) : null;
            foreach (var (rows, numbers) in staged.Take(Cdm54.Note, next))
                for (var row = 0; row < rows.Rows; row++)
                    found.Add($"{((Int64Column)rows.Columns[Key]).Array[row]} {((TextColumn)rows.Columns[Text]).Text(row) ?? "null"} {numbers.Array[row]} {rows.Persons.Array[row]}");
            Assert.Equal(wanted, found);
            Assert.Equal(0, next?.Used ?? 0); // all of it was given back
            Assert.Equal(memoryBytes < 1 << 30, Directory.EnumerateFiles(folder).Any());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static Int64Column Of(long value)
    {
        var column = new Int64Column();
        column.Append(value);
        return column;
    }

    [Fact]
    public void Texts_are_hashed_with_their_lengths_however_long_they_are()
    {
        var rows = new Pieces(Cdm54.Note);
        var batch = new Batch(Cdm54.Note);
        var plain = new XxHash128();
        var lengths = Enumerable.Range(0, 3_000).Select(n => n switch { 100 => 200_000, 101 => 65_536, 102 => 65_533, _ => n % 211 - 1 }).ToList();
        foreach (var (length, n) in lengths.Select((l, n) => (l, n)))
        {
            ((Int64Column)batch.Columns[Key]).Append(n);
            plain.Append(BitConverter.GetBytes(length));
            if (length < 0) ((TextColumn)batch.Columns[Text]).AppendNull();
            else
            {
                var text = Encoding.UTF8.GetBytes(new string((char)('a' + n % 26), length));
                ((TextColumn)batch.Columns[Text]).Append(text);
                plain.Append(text);
            }
        }
        foreach (var column in batch.Columns)
            if (column.Count < lengths.Count) column.AppendNulls(lengths.Count - column.Count);
        rows.Append(batch, []);
        var hash = new XxHash128();
        var shelf = new ArrayShelf(long.MaxValue);
        using (var writer = new TableFileWriter(new MemoryStream(), rows.Table, [Text], ShardFacts.Of(rows, ShardOrder.Of(rows, shelf)), null, null, hash, shelf)) writer.Append(rows, [.. Enumerable.Range(0, lengths.Count)]);
        Assert.Equal(Convert.ToHexString(plain.GetCurrentHash()), Convert.ToHexString(hash.GetCurrentHash()));
    }

    [Fact]
    public void Rows_that_tie_are_in_order_of_their_keys()
    {
        var rows = new Pieces(Cdm54.Note);
        var batch = new Batch(Cdm54.Note);
        for (var n = 0; n < 5_000; n++)
        {
            ((Int64Column)batch.Columns[Key]).Append(n * 7919L % 5_003);
            ((Int32Column)batch.Columns[Cdm54.Note.Start]).Append(n % 3);
        }
        foreach (var column in batch.Columns)
            if (column.Count < 5_000) column.AppendNulls(5_000 - column.Count);
        rows.Append(batch, Enumerable.Range(0, 5_000).Select(n => n % 5).ToArray());
        var keys = ((Int64Column)batch.Columns[Key]).Array;
        var wanted = Enumerable.Range(0, 5_000).OrderBy(n => n % 5).ThenBy(n => n % 3).ThenBy(n => keys[n]);
        Assert.Equal(wanted, ShardOrder.Of(rows, new(long.MaxValue)).Rows.ToArray());
    }
}
