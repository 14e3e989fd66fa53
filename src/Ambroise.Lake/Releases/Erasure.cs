using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;

namespace Ambroise.Lake.Releases;

/// <param name="Found">Persons that some release held.</param>
/// <param name="Removed">Files that held them, now gone.</param>
/// <param name="Written">Files that took their place.</param>
/// <param name="Rows">Rows removed, over all releases.</param>
public sealed record ErasureReport(IReadOnlyList<long> Found, IReadOnlyList<long> Unknown, IReadOnlyList<string> Removed, IReadOnlyList<string> Written, long Rows);

/// <summary>Removes persons from every release: what held a row of theirs is written anew without it, in one commit, then deleted.</summary>
public static class Erasure
{
    public static Result<ErasureReport> Run(TenantLake lake, IReadOnlyCollection<long> persons, IProgress<(int Done, int Of)>? progress, CancellationToken cancel)
    {
        if (lake.Lock().Failed(out var busy, out var held)) return busy;
        using (held)
        {
            if (lake.Clean().Failed(out var failure, out _) || lake.Releases().Failed(out failure, out var manifests)) return failure;
            try
            {
                return Rewrite(lake, manifests, persons.ToHashSet(), progress, cancel);
            }
            catch (FailureException e)
            {
                lake.Clean();
                return e.Failure;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ParquetSharp.ParquetException)
            {
                lake.Clean();
                return new Failure(FailureKind.Unavailable, "lake.disk", $"Writing to {lake.Folder} failed: nobody was erased yet. Make room or give permission, then erase again.");
            }
        }
    }

    static ErasureReport Rewrite(TenantLake lake, IReadOnlyList<Manifest> manifests, HashSet<long> persons, IProgress<(int, int)>? progress, CancellationToken cancel)
    {
        var found = new HashSet<long>();
        var removed = new List<string>();
        var written = new List<string>();
        long rows = 0;
        var rewritten = new List<Manifest>();
        using var apart = new LongTexts(lake.Runs);
        foreach (var manifest in manifests)
        {
            var gone = new Gone();
            var files = new List<LakeFile>();
            long patients = 0;
            var departed = new Dictionary<int, int[]>();
            void Replace(int shard, CdmTable table, Func<Batch, int, bool> drop, long[]? left)
            {
                cancel.ThrowIfCancellationRequested();
                apart.Clear(); // those of the table before are written
                var old = manifest.Files.Where(f => f.Shard == shard && f.Table == table.Name && f.Part != FilePart.Quarantine).ToList();
                var (kept, dropped) = Keep(lake, manifest, shard, table, drop, left, gone, apart);
                rows += dropped;
                if (dropped == 0 && old[0].Departed == 0)
                {
                    files.AddRange(old);
                    return;
                }
                var made = kept.Rows == 0 ? [] : ShardFiles.Write(lake, old[0].Keys, kept, shard, new(long.MaxValue));
                files.AddRange(made);
                removed.AddRange(old.Select(f => f.Path));
                written.AddRange(made.Select(f => f.Path));
            }

            for (var shard = 0; shard < manifest.Shards; shard++)
            {
                var ids = StoredRows.Keys(lake, manifest, shard, Cdm54.Person);
                found.UnionWith(ids.Where(persons.Contains));
                if (!ids.Any(persons.Contains))
                {
                    files.AddRange(manifest.Files.Where(f => f.Shard == shard));
                    if (lake.DepartedOf(manifest).Places(shard) is { Length: > 0 } places) departed[shard] = places;
                    patients += ids.Length - lake.DepartedOf(manifest).Places(shard).Length;
                    continue;
                }
                // A shard that is written anew holds those who departed from it no more.
                var leftBefore = lake.DepartedOf(manifest).Persons(lake, manifest, shard);
                var left = ids.Where(id => !persons.Contains(id) && !leftBefore.Contains(id)).Order().ToArray();
                patients += left.Length;
                foreach (var table in Cdm54.All.Where(t => manifest.Files.Any(f => f.Shard == shard && f.Table == t.Name)))
                    Replace(shard, table, Belongs(table, persons, gone), left);
                progress?.Report((shard + 1, manifest.Shards));
            }
            foreach (var table in Cdm54.All.Where(t => manifest.Files.Any(f => f.Shard < 0 && f.Table == t.Name)))
                Replace(TableLoad.Shared, table, Belongs(table, persons, gone), null);
            foreach (var file in manifest.Files.Where(f => f.Part == FilePart.Quarantine))
            {
                bool Theirs(Rejected row) => row.Person is { } person && persons.Contains(person);
                var theirs = SealedQuarantine.Read(lake, file).LongCount(Theirs);
                if (theirs == 0)
                {
                    files.Add(file);
                    continue;
                }
                rows += theirs;
                removed.Add(file.Path);
                using var left = new RejectedRows(lake, manifest.Release, file.Keys);
                foreach (var row in SealedQuarantine.Read(lake, file).Where(r => !Theirs(r))) left.Add(row);
                if (left.Finish() is not { } fewer) continue;
                files.Add(fewer);
                written.Add(fewer.Path);
            }
            files.AddRange(manifest.Files.Where(f => f.Part == FilePart.Report && f.Table is not (SealedRecords.Waiting or SealedRecords.Decisions or Departed.Kind))); // counts and codes: nobody's
            var known = manifest.Files.FirstOrDefault(f => f.Table == Departed.Kind);
            if (known is not null && departed.Count == lake.DepartedOf(manifest).Shards) files.Add(known);
            else if (known is not null)
            {
                removed.Add(known.Path);
                if (new Departed(departed).Seal(lake, manifest.Release) is { } fewer)
                {
                    files.Add(fewer);
                    written.Add(fewer.Path);
                }
            }
            foreach (var kind in new[] { SealedRecords.Waiting, SealedRecords.Decisions })
                if (SealedRecords.Of(manifest, kind) is { } records) rows += Kept(lake, manifest, records, persons, found, files, removed, written);
            var content = lake.Content(files);
            rewritten.Add(manifest with { Patients = patients, Files = [.. files], Content = content, Quarantined = files.Where(f => f.Part == FilePart.Quarantine).Sum(f => f.Rows) });
        }
        if (removed.Count > 0)
        {
            lake.Publish(rewritten, from: 0);
            lake.Clean();
        }
        return new([.. found.Order()], [.. persons.Except(found).Order()], removed, written, rows);
    }

    /// <summary>What a source keeps beside the tables: of what waits the person may be one that no release holds yet.</summary>
    /// <returns>Records removed.</returns>
    static long Kept(TenantLake lake, Manifest manifest, LakeFile file, HashSet<long> persons, HashSet<long> found, List<LakeFile> files, List<string> removed, List<string> written)
    {
        bool Names(KeptRecord record) => persons.Contains(record.Person) || persons.Contains(record.Other);
        long gone = 0;
        foreach (var record in SealedRecords.Read(lake, file))
            if (Names(record))
            {
                found.UnionWith(new[] { record.Person, record.Other }.Where(persons.Contains));
                gone++;
            }
        if (gone == 0)
        {
            files.Add(file);
            return 0;
        }
        removed.Add(file.Path);
        if (SealedRecords.Write(lake, manifest.Release, file.Keys, file.Table, SealedRecords.Read(lake, file).Where(r => !Names(r))) is not { } left) return gone;
        files.Add(left);
        written.Add(left.Path);
        return gone;
    }

    /// <summary>Keys of the rows that went, by table, and the places only they had.</summary>
    sealed class Gone
    {
        public Dictionary<string, HashSet<long>> Keys { get; } = [];
        public HashSet<long> Places { get; } = [];
        public HashSet<long> PlacesLeft { get; } = [];

        public bool Has(string table, long key) => Keys.TryGetValue(table, out var keys) && keys.Contains(key);
    }

    static Func<Batch, int, bool> Belongs(CdmTable table, HashSet<long> persons, Gone gone) => table switch
    {
        { Person: >= 0 and var person } => (batch, row) => persons.Contains(((Int64Column)batch.Columns[person]).Array[row]),
        { Placement: Placement.WithParent(var column, var parent) } => (batch, row) => gone.Has(parent, ((Int64Column)batch.Columns[column]).Array[row]),
        // A shared cost names its event, and no person; one made of a source record, by an earlier version of the program, has that record's key, which leads to the person though the event never came.
        { Placement: Placement.WithRecord } => (batch, row) => batch.Persons.Count > 0 ? persons.Contains(batch.Persons.Array[row]) : gone.Has(Cdm54.SourceRecord.Name, batch.Int64("cost_id").Array[row]) || EventDomains.OfName.TryGetValue(batch.Text("cost_domain_id").Text(row) ?? "", out var of) && gone.Has(of, batch.Int64("cost_event_id").Array[row]),
        { Name: "fact_relationship" } => (batch, row) => Fact(batch, row, "1", gone) || Fact(batch, row, "2", gone),
        { Name: "location" } => (batch, row) => batch.Int64("location_id").Array[row] is var place && gone.Places.Contains(place) && !gone.PlacesLeft.Contains(place),
        _ => (_, _) => false,
    };

    static bool Fact(Batch batch, int row, string side, Gone gone) =>
        EventDomains.OfConcept.TryGetValue(batch.Int32($"domain_concept_id_{side}").Array[row], out var table) && gone.Has(table, batch.Int64($"fact_id_{side}").Array[row]);

    static (Pieces Kept, long Dropped) Keep(TenantLake lake, Manifest manifest, int shard, CdmTable table, Func<Batch, int, bool> drop, long[]? left, Gone gone, LongTexts apart)
    {
        var kept = new Pieces(table);
        var parents = table.Placement is Placement.WithParent(_, var parentName) ? ParentOrdinals(lake, manifest, shard, parentName, left!) : null;
        long dropped = 0;
        foreach (var batch in StoredRows.Read(lake, manifest, shard, table, apart))
        {
            var rows = new List<int>();
            var ordinals = new List<int>();
            for (var row = 0; row < batch.Rows; row++)
            {
                if (drop(batch, row))
                {
                    dropped++;
                    if (table.Key >= 0 && batch.Columns[table.Key] is Int64Column key)
                    {
                        if (!gone.Keys.TryGetValue(table.Name, out var keys)) gone.Keys[table.Name] = keys = [];
                        keys.Add(key.Array[row]);
                    }
                    if (table == Cdm54.Person) gone.Places.Add(batch.Int64("location_id").Array[row]);
                    continue;
                }
                if (table == Cdm54.Person || table == Cdm54.CareSite) gone.PlacesLeft.Add(batch.Int64("location_id").Array[row]);
                rows.Add(row);
                if (batch.About is { } about) ordinals.Add(Array.BinarySearch(left!, about.Array[row]));
                else if (parents is not null && table.Placement is Placement.WithParent(var column, _)) ordinals.Add(parents[((Int64Column)batch.Columns[column]).Array[row]]);
            }
            kept.Append(batch, rows.ToArray(), ordinals.ToArray());
        }
        return (kept, dropped);
    }

    static Dictionary<long, int> ParentOrdinals(TenantLake lake, Manifest manifest, int shard, string parentName, long[] left)
    {
        var parent = Cdm54.Find(parentName)!;
        var ordinals = new Dictionary<long, int>();
        foreach (var batch in StoredRows.Read(lake, manifest, shard, parent))
            for (var row = 0; row < batch.Rows; row++)
                if (Array.BinarySearch(left, ((Int64Column)batch.Columns[parent.Person]).Array[row]) is var at and >= 0)
                    ordinals[((Int64Column)batch.Columns[parent.Key]).Array[row]] = at;
        return ordinals;
    }
}
