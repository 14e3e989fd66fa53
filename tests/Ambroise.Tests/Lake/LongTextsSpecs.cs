using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Lake;

/// <summary>Letters and scans are larger than memory: they lie apart, sealed, from where they are read to where they are written.</summary>
public sealed class LongTextsSpecs : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("ambroise-texts-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    static string Of(int row) => (row % 7) switch
    {
        0 => "",
        1 => $"short {row}",
        2 => new string((char)('a' + row % 26), 512), // the longest that is short
        3 => new string((char)('a' + row % 26), 513),
        4 => $"the same {new string('x', 600)}",
        _ => $"{row} " + string.Concat(Enumerable.Repeat($"lettre {row} ", 100 + row)),
    };

    static TextColumn Column(int rows, LongTexts? apart)
    {
        var column = new TextColumn(apart: apart);
        for (var row = 0; row < rows; row++)
            if (row % 11 == 10) column.AppendNull();
            else column.Append(Of(row));
        return column;
    }

    static void Same(IEnumerable<int> rows, TextColumn column)
    {
        var all = rows.ToList();
        Assert.Equal(all.Count, column.Count);
        foreach (var (row, at) in all.Select((row, at) => (row, at))) Assert.Equal(row % 11 == 10 ? null : Of(row), column.Text(at));
    }

    /// <summary>Between columns that hold long texts, have them apart, or have them in another place.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    public void Rows_are_copied_with_their_texts(int from, int to)
    {
        using LongTexts one = new(folder, 1), other = new(folder, 1);
        LongTexts?[] places = [null, one, other];
        var column = Column(100, places[from]);
        Same(Enumerable.Range(0, 100), column);
        TextColumn ranges = new(apart: places[to]), rows = new(apart: places[to]), taken = new(apart: places[to]);
        ranges.AppendRange(column, 20, 50);
        ranges.AppendFrom(column, [.. Enumerable.Range(3, 60)]);
        ranges.Append(Of(5));
        Same([.. Enumerable.Range(20, 50), .. Enumerable.Range(3, 60), 5], ranges);
        int[] some = [7, 3, 99, 3, 10, 41];
        rows.AppendFrom(column, some);
        Same(some, rows);
        taken.Append(Of(4));
        taken.TakeOver(column);
        taken.Append(Of(13));
        Same([.. Enumerable.Range(0, 100), 13], taken);
        Assert.Equal(0, column.Count);
    }

    [Fact]
    public void A_text_lies_on_disk_in_no_form_anyone_reads_and_goes_with_its_place()
    {
        var canary = $"canary {new string('z', 5_000)} canary";
        using (var texts = new LongTexts(folder, 1))
        {
            Span<byte> place = stackalloc byte[LongTexts.PlaceBytes], next = stackalloc byte[LongTexts.PlaceBytes];
            texts.Put(Encoding.UTF8.GetBytes(canary), place);
            var path = Assert.Single(Directory.GetFiles(folder));
            Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf("canary"u8));
            var read = new byte[LongTexts.Length(place)];
            texts.Get(place, read);
            Assert.Equal(canary, Encoding.UTF8.GetString(read));

            // A byte changed on disk is told.
            using (var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
            {
                file.Position = 100;
                var was = file.ReadByte();
                file.Position = 100;
                file.WriteByte((byte)(was ^ 1));
            }
            Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => Fetch(texts));

            // Forgotten, its place comes to nobody else: it was a nonce.
            texts.Clear();
            texts.Put(Encoding.UTF8.GetBytes(canary), next);
            Assert.False(next.SequenceEqual(place));
            texts.Get(next, read);
            Assert.Equal(canary, Encoding.UTF8.GetString(read));
        }
        Assert.Empty(Directory.GetFiles(folder));

        void Fetch(LongTexts from)
        {
            var first = new byte[LongTexts.PlaceBytes];
            BitConverter.TryWriteBytes(first.AsSpan(sizeof(long)), Encoding.UTF8.GetByteCount(canary));
            from.Get(first, new byte[LongTexts.Length(first)]);
        }
    }

    [Fact]
    public void Texts_come_and_go_on_many_threads_at_once()
    {
        using var texts = new LongTexts(folder, 1);
        Parallel.For(0, 2_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, row =>
        {
            var (text, place) = (Encoding.UTF8.GetBytes(Of(row)), new byte[LongTexts.PlaceBytes]);
            texts.Put(text, place);
            var read = new byte[LongTexts.Length(place)];
            texts.Get(place, read);
            Assert.Equal(text, read);
        });
    }

    /// <summary>Notes of every length; more than a block of them, so that the last rows of a block have places too.</summary>
    static Rows Hospital(int notes)
    {
        var rows = new Rows();
        for (var p = 1; p <= 50; p++) rows.Person(p * 3L, $"INS-{p}");
        var batch = new Batch(Cdm54.Note) { SourceFile = "note.csv" };
        var dice = new Dice(11);
        for (var n = 0; n < notes; n++)
        {
            batch.Int64("note_id").Append(n);
            batch.Int64("person_id").Append(3L * dice.Of(1, 50));
            batch.Int32("note_date").Append(dice.Of(10_000, 20_000));
            batch.Int32("note_type_concept_id").Append(1);
            batch.Int32("note_class_concept_id").Append(n % 3);
            batch.Text("note_text").Append(n % 500 == 0 ? $"canary {string.Concat(Enumerable.Repeat($"page {n} ", dice.Of(500, 8_000)))}" : n % 50 == 1 ? $"letter {new string('l', dice.Of(500, 6_000))}" : $"n {n}");
            batch.Int32("encoding_concept_id").Append(0);
            batch.Int32("language_concept_id").Append(0);
        }
        foreach (var column in batch.Columns) column.AppendNulls(batch.Columns[0].Count - column.Count);
        return rows.Add(batch);
    }

    static Dictionary<long, string?> Notes(TestLake test, int release)
    {
        var found = new Dictionary<long, string?>();
        foreach (var batch in new EarlierRelease(test.Lake, test.Lake.Release(release).OrThrow()).Rows(Cdm54.Note))
            for (var row = 0; row < batch.Rows; row++) found.Add(batch.Int64("note_id").Array[row], batch.Text("note_text").Text(row));
        return found;
    }

    [Theory]
    [InlineData(2_000)]
    [InlineData(140_000)] // more than two blocks: a large shard
    public void A_release_holds_the_same_texts_whatever_the_memory(int notes)
    {
        using var test = new TestLake();
        var rows = Hospital(notes);
        var wanted = Enumerable.Range(0, notes).ToDictionary(n => (long)n, n => rows[Cdm54.Note].Text("note_text").Text(n));
        var roomy = test.Load(rows, memory: 1L << 40).Manifest;
        var tight = test.Load(Hospital(notes), memory: 1).Manifest;
        Assert.Equal(roomy.Content, tight.Content);
        Assert.Equal(wanted, Notes(test, 1));
        Assert.Equal(wanted, Notes(test, 2));

        // A merge writes these rows anew, an erasure some of them; both read what the release has.
        var merged = test.Load(new Rows().Person(9, "INS-3"), LoadMode.Merge, memory: 1).Manifest;
        Assert.Equal(wanted, Notes(test, merged.Release));
        Erasure.Run(test.Lake, [9], null, TestContext.Current.CancellationToken).OrThrow();
        var left = wanted.Where(n => rows[Cdm54.Note].Int64("person_id").Array[(int)n.Key] != 9).ToDictionary();
        Assert.NotEqual(wanted.Count, left.Count);
        Assert.Equal(left, Notes(test, merged.Release));
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
        foreach (var path in Directory.EnumerateFiles(test.Folder, "*", SearchOption.AllDirectories)) Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf("canary"u8));
        Assert.Empty(Directory.GetFiles(Path.Combine(test.Folder, "runs")));

        foreach (var format in new[] { ExportFormat.Csv, ExportFormat.Parquet }) Reversibility.Export(test.Lake, null, folder, format, null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Equal(left.Values.Order(StringComparer.Ordinal), File.ReadLines(Path.Combine(folder, "note.csv")).Skip(1).Select(line => line.Split(',')[7].Trim('"')).Order(StringComparer.Ordinal));
        using var exported = new ParquetSharp.ParquetFileReader(Path.Combine(folder, "note.parquet"));
        Assert.Equal(left.Count, exported.FileMetaData.NumRows);
        // A reader takes a row group whole.
        Assert.InRange(exported.FileMetaData.NumRowGroups, left.Values.Sum(t => (long)t!.Length) / (32 << 20), 1 + (left.Count / 65_536) + left.Values.Sum(t => (long)t!.Length) / (16 << 20));
        Assert.Empty(Directory.GetFiles(Path.Combine(test.Folder, "runs")));
    }
}
