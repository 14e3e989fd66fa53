using System.Security.Cryptography;
using System.Text.Json;
using Ambroise.Lake.Cdm;
using ParquetSharp;
using Encoding = System.Text.Encoding;

namespace Ambroise.Tests.Lake;

/// <summary>Another program's reader of a lake, written from docs/formats/lake.md alone: none of the lake's own code reads here, only the data keys come from the vault.</summary>
public sealed class FormatSpecs
{
    [Fact]
    public void What_the_document_says_is_enough_to_read_a_lake_with_its_keys()
    {
        using var test = new TestLake();
        var rows = new Rows();
        for (var p = 1; p <= 300; p++)
        {
            rows.Add(Cdm54.Person, ("person_id", 1000L + p), ("gender_concept_id", 8507), ("year_of_birth", 1950), ("person_source_value", $"IPP{p}"));
            rows.Add(Cdm54.ConditionOccurrence, ("condition_occurrence_id", 5000L - p), ("person_id", 1000L + p), ("condition_concept_id", p % 3 == 0 ? 201826 : 4000 + p % 2), ("condition_start_date", 18_000 + p),
                ("condition_type_concept_id", 0));
            rows.Add(Cdm54.Note, ("note_id", (long)p), ("person_id", 1000L + p), ("note_date", 18_000), ("note_type_concept_id", 0), ("note_class_concept_id", 0), ("note_text", $"texte {p}"), ("encoding_concept_id", 0),
                ("language_concept_id", 0));
        }
        test.Load(rows);

        // Manifest: {"hmacSha256":"…","manifest":…}\n, the HMAC over the bytes as they stand.
        var file = File.ReadAllBytes(Path.Combine(test.Folder, "releases/1.json"));
        Assert.Equal(test.Ledger.Entries[0].ManifestSha256, Convert.ToHexStringLower(SHA256.HashData(file)));
        var text = Encoding.UTF8.GetString(file);
        var start = "{\"hmacSha256\":\"".Length;
        var body = text[(start + 64 + "\",\"manifest\":".Length)..^2];
        Assert.Equal(text.Substring(start, 64), Convert.ToHexStringLower(HMACSHA256.HashData(test.Keys.Get("lake", "manifest").Span, Encoding.UTF8.GetBytes(body))));
        var files = JsonDocument.Parse(body).RootElement.GetProperty("files").EnumerateArray().ToList();

        JsonElement Of(string table, string part) => files.Single(f => f.GetProperty("table").GetString() == table && f.GetProperty("part").GetString() == part);
        using var conditions = Open(test, Of("condition_occurrence", "Analytic"));
        Assert.Equal(300, conditions.FileMetaData.NumRows);
        var concepts = Read<int>(conditions, "condition_concept_id");
        var persons = Read<long>(conditions, "person_id");
        var days = Read<int>(conditions, "condition_start_date");
        Assert.Equal(concepts.Zip(persons).Order(), concepts.Zip(persons));
        Assert.All(persons.Zip(days), row => Assert.Equal(row.First - 1000 + 18_000, row.Second));

        // Runs: unsigned LEB128 pairs, difference of concept (from -2^31) and rows.
        var numbers = new Queue<ulong>(Leb128(Convert.FromBase64String(conditions.FileMetaData.KeyValueMetadata["ambroise.runs"])));
        var told = new List<(long, int)>();
        for (long concept = int.MinValue; numbers.TryDequeue(out var step);) told.Add((concept += (long)step, (int)numbers.Dequeue()));
        Assert.Equal(concepts.GroupBy(c => (long)c).Select(g => (g.Key, g.Count())), told);

        using var identities = Open(test, Of("person", "Identity"));
        using var people = Open(test, Of("person", "Analytic"));
        Assert.Equal(Read<long>(people, "person_id"), Read<long>(identities, "person_id"));
        Assert.Equal(-1, Column(people, "person_source_value"));
        using var notes = Open(test, Of("note", "Analytic"));
        using var group = notes.RowGroup(0);
        using var column = group.Column(Column(notes, "note_text")).LogicalReader<string>();
        Assert.Contains("texte 7", column.ReadAll(300));
    }

    static ParquetFileReader Open(TestLake test, JsonElement file)
    {
        var path = Path.Combine(test.Folder, file.GetProperty("path").GetString()!);
        var bytes = File.ReadAllBytes(path);
        Assert.Equal(file.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        var footer = BitConverter.ToInt32(bytes.AsSpan(bytes.Length - 8));
        Assert.Equal(file.GetProperty("footerSha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(bytes.Length - 8 - footer))));
        Assert.True(bytes.AsSpan().EndsWith("PARE"u8));
        var properties = ReaderProperties.GetDefaultReaderProperties();
        using var builder = new FileDecryptionPropertiesBuilder();
        properties.FileDecryptionProperties = builder.KeyRetriever(new Unwrap(test)).Build();
        return new(path, properties);
    }

    static int Column(ParquetFileReader file, string name) =>
        Enumerable.Range(0, file.FileMetaData.NumColumns).Where(i => file.FileMetaData.Schema.Column(i).Name == name).Append(-1).First();

    static T[] Read<T>(ParquetFileReader file, string name) where T : unmanaged
    {
        using var group = file.RowGroup(0);
        using var column = (ColumnReader<T>)group.Column(Column(file, name));
        var values = new T[group.MetaData.NumRows];
        var levels = new short[values.Length];
        for (var done = 0; done < values.Length;) done += (int)column.ReadBatch(values.Length - done, levels.AsSpan(done), default, values.AsSpan(done), out _);
        return values;
    }

    static IEnumerable<ulong> Leb128(byte[] bytes)
    {
        ulong value = 0;
        var shift = 0;
        foreach (var b in bytes)
        {
            value |= (ulong)(b & 0x7F) << shift;
            shift += 7;
            if (b >= 0x80) continue;
            yield return value;
            (value, shift) = (0, 0);
        }
    }

    /// <summary>PKMT1: the file's key, wrapped by AES-256-GCM under the data key that masterKeyID names, which is also the additional data.</summary>
    sealed class Unwrap(TestLake test) : DecryptionKeyRetriever
    {
        public override byte[] GetKey(string keyMetadata)
        {
            var material = JsonDocument.Parse(keyMetadata).RootElement;
            Assert.Equal("PKMT1", material.GetProperty("keyMaterialType").GetString());
            var id = material.GetProperty("masterKeyID").GetString()!;
            var wrapped = Convert.FromBase64String(material.GetProperty("wrappedDEK").GetString()!);
            var key = new byte[32];
            using var gcm = new AesGcm(test.Keys.Get(id.Split('/')[0], id.Split('/')[1]).Span, 16);
            gcm.Decrypt(wrapped.AsSpan(0, 12), wrapped.AsSpan(12, 32), wrapped.AsSpan(44, 16), key, Encoding.UTF8.GetBytes(id));
            return key;
        }
    }
}
