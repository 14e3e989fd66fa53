using System.IO.Compression;
using Ambroise.Lake.Cdm;
using Ambroise.Sources.Omop;
using DuckDB.NET.Data;

namespace Ambroise.Tests.Omop;

/// <summary>500 damaged files: each is read, or refused by name; none stops the program, hangs it, or shows in a message.</summary>
public sealed class MutatedFilesSpecs : IDisposable
{
    const string Planted = "Zyqx", Columns = "note_id,person_id,note_date,note_datetime,note_type_concept_id,note_text,note_source_value";
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    readonly string folder = Directory.CreateTempSubdirectory("ambroise-mutated-").FullName;

    [Theory]
    [InlineData("csv", 200)]
    [InlineData("csv.gz", 100)]
    [InlineData("parquet", 200)]
    public async Task A_damaged_file_is_read_or_refused_by_name(string kind, int files)
    {
        var name = $"note.{kind}";
        var path = Path.Combine(folder, name);
        for (var seed = 0; seed < files; seed++)
        {
            var random = new Splitmix((ulong)seed * 7919 + (ulong)kind.Length);
            // Damage within the text of a packed file, and to the packed file itself, in turn.
            var bytes = kind switch
            {
                "parquet" => Mutate(Parquet(seed % 3), random),
                "csv" => Mutate(Text(), random),
                _ when seed % 2 == 0 => Gzip(Mutate(Text(), random)),
                _ => Mutate(Gzip(Text()), random),
            };
            File.WriteAllBytes(path, bytes);
            var wrong = await Task.Run(() => Read(name), TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
            Assert.True(wrong is null, $"{name}, seed {seed}: {wrong}");
        }
    }

    /// <returns>What is wrong with how the file was read, or null.</returns>
    string? Read(string name)
    {
        try
        {
            using var source = new OmopSource(OmopFolder.Open(folder).OrThrow(), 1L << 28, 2);
            long rows = 0;
            var places = new List<string>();
            foreach (var batch in source.Read(Cdm54.Note, r => places.Add($"{r.File} {r.Line} {r.Field} {r.Reason}"), CancellationToken.None)) rows += batch.Rows;
            return places.Exists(p => p.Contains(Planted, StringComparison.Ordinal)) ? "a rejected row's place holds content" : null;
        }
        catch (FailureException e) when (e.Failure.Detail.Contains(name, StringComparison.Ordinal) && e.InnerException is null && !e.ToString().Contains(Planted, StringComparison.Ordinal))
        {
            return null;
        }
        catch (Exception e)
        {
            return e.GetType().Name;
        }
    }

    static byte[] Text()
    {
        var text = new System.Text.StringBuilder(Columns).Append('\n');
        for (var i = 0; i < 400; i++) text.Append($"{i},{i % 50},2020-01-{i % 28 + 1:00},2020-01-01 10:00:{i % 60:00},32831,\"{Planted} {i}\nsaid \"\"é\"\"\",{Planted}{i % 7}\n");
        return System.Text.Encoding.UTF8.GetBytes(text.ToString());
    }

    byte[] Parquet(int variant)
    {
        var path = Path.Combine(folder, $"whole-{variant}");
        if (File.Exists(path)) return File.ReadAllBytes(path);
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        var more = variant switch { 0 => "compression snappy", 1 => "compression zstd, parquet_version v2, row_group_size 2048", _ => "compression uncompressed" };
        command.CommandText = $"""
            copy (select i::bigint note_id, (i % 50)::bigint person_id, date '2020-01-01' + (i % 28)::int note_date, timestamp '2020-01-01 10:00:00' + to_seconds(i % 60) note_datetime, 32831 note_type_concept_id,
                '{Planted} ' || i note_text, case when i % 3 = 0 then '{Planted}' || i % 7 end note_source_value from range(4000) t(i)) to '{path}' (format parquet, {more})
            """;
        command.ExecuteNonQuery();
        return File.ReadAllBytes(path);
    }

    static byte[] Gzip(byte[] text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(text);
        return packed.ToArray();
    }

    /// <summary>Flips, cuts, splices, repeats, fills, NULs, quotes and line ends; a few at once.</summary>
    static byte[] Mutate(byte[] whole, Splitmix random)
    {
        var bytes = whole.ToList();
        for (var times = 1 + random.Below(3); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Below(bytes.Count);
            var count = Math.Min(random.Below(64), bytes.Count - at);
            switch (random.Below(11))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Below(8)); break;
                case 1: for (var i = 0; i < 20; i++) bytes[random.Below(bytes.Count)] = (byte)random.Below(256); break;
                case 2: bytes.RemoveRange(at, bytes.Count - at); break;
                case 3: bytes.RemoveRange(at, count); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(random.Below(bytes.Count - count + 1), count)); break;
                case 5: bytes.InsertRange(at, Enumerable.Repeat((byte)'9', 1 + random.Below(300_000))); break;
                case 6: bytes[at] = 0; break;
                case 7: bytes.Insert(at, (byte)'"'); break;
                case 8: bytes.InsertRange(at, [0xFF, 0xFE, 0xC3, 0x28]); break;
                case 9: bytes.Clear(); break;
                default: for (var i = 0; i < 4; i++) bytes[Math.Max(0, bytes.Count - 1 - random.Below(1500))] ^= (byte)(1 + random.Below(255)); break; // a Parquet footer stands at the end
            }
        }
        return [.. bytes];
    }

    /// <summary>SplitMix64: the same files on every run.</summary>
    sealed class Splitmix(ulong state)
    {
        public int Below(int limit)
        {
            var z = state += 0x9E3779B97F4A7C15;
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
            z = (z ^ z >> 27) * 0x94D049BB133111EB;
            return limit <= 1 ? 0 : (int)((z ^ z >> 31) % (ulong)limit);
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
