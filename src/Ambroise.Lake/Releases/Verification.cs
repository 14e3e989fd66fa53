using System.Security.Cryptography;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;

namespace Ambroise.Lake.Releases;

/// <param name="Fault">The first fault met, or null.</param>
public sealed record VerificationReport(int Releases, int Files, long Bytes, long Rows, Failure? Fault);

/// <summary>Reads everything a tenant holds, to the last page: manifests authenticated, files hashed, every page decrypted and decoded, rows in
/// stored order with the concepts the footer says, keys unique, every event's patient present.</summary>
public static class Verification
{
    public static VerificationReport Run(TenantLake lake, IProgress<(int Done, int Of)>? progress, CancellationToken cancel)
    {
        if (lake.Releases().Failed(out var failure, out var manifests)) return new(0, 0, 0, 0, failure);
        var read = new Dictionary<string, LakeFile>(StringComparer.Ordinal);
        long bytes = 0, rows = 0;
        var all = manifests.Sum(m => m.Files.Length);
        var done = 0;
        try
        {
            // Those of no release too: the next load needs them.
            foreach (var group in lake.Keys.Groups) lake.Keys.Has(group, "");
            foreach (var manifest in manifests)
            {
                var persons = new Dictionary<int, long[]>();
                var keys = new Dictionary<string, KeySet>();
                var parents = new Dictionary<string, HashSet<long>>();
                var places = new Dictionary<int, ulong>();
                // Persons first, then the tables others are placed with: the order of Cdm54.All.
                foreach (var file in manifest.Files.OrderBy(f => Cdm54.All.Select((t, i) => (t, i)).FirstOrDefault(p => p.t.Name == f.Table).i))
                {
                    cancel.ThrowIfCancellationRequested();
                    if (!read.TryGetValue(file.Path, out var same))
                    {
                        CheckBytes(lake, file);
                        bytes += file.Bytes;
                        rows += file.Rows;
                        read[file.Path] = file;
                    }
                    else if (same with { Shard = file.Shard, Departed = file.Departed } != file) throw Fault("lake.manifest-chain", $"{file.Path} is recorded differently by two releases.");
                    if (file.Part is not (FilePart.Quarantine or FilePart.Report)) CheckRows(lake, file, manifest, persons, keys, parents, places);
                    progress?.Report((++done, all));
                }
            }
        }
        catch (FailureException e)
        {
            return new(manifests.Count, read.Count, bytes, rows, e.Failure);
        }
        return new(manifests.Count, read.Count, bytes, rows, null);
    }

    static void CheckBytes(TenantLake lake, LakeFile file)
    {
        var path = Path.Combine(lake.Folder, file.Path);
        if (!File.Exists(path)) throw lake.Missing(file).AsException();
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        if (stream.Length != file.Bytes || Convert.ToHexStringLower(SHA256.HashData(stream)) != file.Sha256) throw Fault("lake.file-changed", $"{file.Path} is not the file its release recorded.");
    }

    static void CheckRows(TenantLake lake, LakeFile file, Manifest manifest, Dictionary<int, long[]> persons, Dictionary<string, KeySet> keys, Dictionary<string, HashSet<long>> parents, Dictionary<int, ulong> places)
    {
        var table = Cdm54.Find(file.Table) ?? throw Fault("lake.table-unknown", $"{file.Path} holds a table this version does not know.");
        using var reader = lake.OpenFile(file);
        if (reader.Rows != file.Rows) throw Fault("lake.file-damaged", $"{file.Path} holds {reader.Rows} rows, its release recorded {file.Rows}.");
        if (file.Part == FilePart.Keys)
        {
            CheckPlaces(reader, file, places.GetValueOrDefault(file.Shard));
            return;
        }
        if (file is { Part: FilePart.Analytic, Shard: >= 0 } && table.Placement is Placement.WithRecord) CheckRecords(lake, file, manifest, reader, persons.GetValueOrDefault(file.Shard) ?? []);
        var runs = file.Part == FilePart.Analytic && table.Concept >= 0 ? RunsText.Decode(reader.Metadata["ambroise.runs"]) : [];
        var run = 0;
        // Whoever departed is in another shard, with the same keys.
        var departed = file.Part == FilePart.Analytic ? lake.DepartedOf(manifest).Rows(lake, manifest, file.Shard, table) : [];
        if (file.Part == FilePart.Analytic && departed.Length != file.Departed) throw Fault("lake.departed-count", $"{file.Path} holds {departed.Length} rows of patients who departed, its release recorded {file.Departed}.");
        for (int block = 0, at = 0; block < reader.Blocks; at += reader.BlockRows(block), block++)
            foreach (var column in table.Columns.Where(reader.Has))
            {
                var values = Column.Of(column.Type);
                reader.AppendTo(values, column, block, values is TextColumn ? [] : null); // texts are decrypted and decoded, and let go
                if (file.Part != FilePart.Analytic) continue;
                if (column.Ordinal == table.Concept) CheckRuns(((Int32Column)values).Values, at, runs, ref run, file);
                if (column.Ordinal == table.Key && values is Int64Column k) CheckKeys(k, table, keys, departed, file, at);
                if (column.Ordinal == table.Key && table == Cdm54.SourceRecord)
                    foreach (var key in ((Int64Column)values).Values) places[file.Shard] = places.GetValueOrDefault(file.Shard) + Placed(key, block);
                if (column.Ordinal == table.Person && table != Cdm54.Person) CheckPersons(((Int64Column)values).Values, persons.GetValueOrDefault(file.Shard) ?? [], file, at);
                if (table == Cdm54.Person && column.Ordinal == table.Person) persons[file.Shard] = ((Int64Column)values).Values.ToArray();
                if (table.Placement is Placement.WithParent(var child, var parent) && child == column.Ordinal) CheckParents(((Int64Column)values).Values, parents.GetValueOrDefault(parent), file, at);
                if (column.Ordinal == table.Key && IsParent(table) && values is Int64Column p)
                {
                    if (!parents.TryGetValue(table.Name, out var known)) parents[table.Name] = known = [];
                    foreach (var key in p.Values) known.Add(key);
                }
            }
    }

    static bool IsParent(CdmTable table) => Cdm54.All.Any(t => t.Placement is Placement.WithParent(_, var parent) && parent == table.Name);

    static void CheckRuns(ReadOnlySpan<int> concepts, int from, ConceptRun[] runs, ref int run, LakeFile file)
    {
        for (var i = 0; i < concepts.Length; i++)
        {
            while (run < runs.Length && from + i >= runs[run].End) run++;
            if (run == runs.Length || concepts[i] != runs[run].Concept) throw Fault("lake.order", $"{file.Path}, row {from + i + 1}: the concept is not the one the footer announces.");
        }
    }

    static void CheckKeys(Int64Column values, CdmTable table, Dictionary<string, KeySet> keys, int[] departed, LakeFile file, int from)
    {
        if (!keys.TryGetValue(table.Name, out var seen)) keys[table.Name] = seen = new();
        for (var i = 0; i < values.Count; i++)
            if (!values.IsNull(i) && (departed.Length == 0 || Array.BinarySearch(departed, from + i) < 0) && !seen.Add(values.Array[i])) throw Fault("lake.key-duplicate", $"{file.Path}, row {from + i + 1}: its primary key is in the release twice.");
    }

    static void CheckPersons(ReadOnlySpan<long> values, long[] persons, LakeFile file, int from)
    {
        for (var i = 0; i < values.Length; i++)
            if (Array.BinarySearch(persons, values[i]) < 0) throw Fault("lake.person-unknown", $"{file.Path}, row {from + i + 1}: its person is not in the shard.");
    }

    /// <summary>Rows placed with their records: the file says whose they are, and of that person there is such a record. Both lie person by person and in order of the key, so one look at each tells.</summary>
    static void CheckRecords(TenantLake lake, LakeFile file, Manifest manifest, TableFileReader reader, long[] persons)
    {
        if (PatientRuns.Of(reader) is not { } whose) throw Fault("lake.person-unknown", $"{file.Path} does not say whose its rows are.");
        CheckPersons(whose.Persons, persons, file, 0);
        var table = Cdm54.Find(file.Table)!;
        var records = StoredRows.Column(lake, manifest, file.Shard, Cdm54.SourceRecord, Cdm54.SourceRecord.Person).Zip(StoredRows.Column(lake, manifest, file.Shard, Cdm54.SourceRecord, Cdm54.SourceRecord.Key));
        using var record = records.GetEnumerator();
        for (var block = 0; block < reader.Blocks; block++)
            foreach (var row in whose.Block(block).Zip(reader.Int64(table.Columns[table.Key], block)))
            {
                while (record.MoveNext() && record.Current != row) { }
                if (record.Current != row) throw Fault("lake.parent-unknown", $"{file.Path}: the record of a row in block {block} is not in its shard.");
            }
    }

    /// <summary>The keys beside records: in order, and the same keys in the same blocks.</summary>
    static void CheckPlaces(TableFileReader reader, LakeFile file, ulong records)
    {
        for (var block = 0; block < reader.Blocks; block++)
        {
            var (keys, places) = (reader.Int64(Cdm54.RecordKeys["source_record_id"], block), reader.Int32(Cdm54.RecordKeys["block"], block));
            for (var i = 0; i < keys.Length; i++)
            {
                if (i > 0 && keys[i] < keys[i - 1]) throw Fault("lake.order", $"{file.Path}, row {i + 1} of block {block}: the key is less than the one before.");
                records -= Placed(keys[i], places[i]);
            }
        }
        if (records != 0) throw Fault("lake.keys-differ", $"{file.Path} does not name the records of its shard.");
    }

    /// <summary>A number of a key and its place: the sums of the same ones are the same, in whatever order.</summary>
    static ulong Placed(long key, int block)
    {
        var mixed = ((ulong)key ^ (ulong)block << 40) * 0x9E3779B97F4A7C15;
        return (mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9;
    }

    static void CheckParents(ReadOnlySpan<long> values, HashSet<long>? parents, LakeFile file, int from)
    {
        for (var i = 0; i < values.Length; i++)
            if (parents?.Contains(values[i]) != true) throw Fault("lake.parent-unknown", $"{file.Path}, row {from + i + 1}: the row it belongs to is not in the release.");
    }

    static FailureException Fault(string code, string detail) => new Failure(FailureKind.Tampered, code, detail).AsException();
}
