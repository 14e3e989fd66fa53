using System.Text;
using System.Text.Json;
using Ambroise.Governance.Control;
using Ambroise.Governance.Projects;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>Makes a dataset from a plan: looks at the permitted patients, decides whether they are hidden enough, then writes each table shard by shard, sealed as it goes.</summary>
/// <remarks>In memory: about 120 bytes a permitted patient, the distinct codes, one shard's column and the rows being gathered.</remarks>
static class DatasetBuild
{
    /// <summary>What a look at the patients found, before anything is written.</summary>
    public sealed record Look(IReadOnlyList<ShardPatients> Shards, AnonymityReport Anonymity, HashSet<long> Weak)
    {
        public int Patients => Shards.Sum(s => s.InOrder.Count);
    }

    /// <param name="population">Ascending by person, distinct.</param>
    /// <param name="sensitive">Groups of sensitive diagnoses, each ascending; at most 32.</param>
    public static Look At(OpenRelease release, DatasetPlan plan, ProjectKeys keys, IReadOnlyList<Permitted> population, IReadOnlyList<int[]> sensitive, CancellationToken cancel)
    {
        var shards = new List<ShardPatients>();
        var hidden = new List<Hidden>(population.Count);
        var shared = new Dictionary<string, long[]>();
        var seen = new HashSet<long>(population.Count);
        var known = QuasiIdentifier.Of(plan);
        var places = known.Any(q => q.OfPlace is not null) && release.Shards.Count > 0 ? new PatientPlaces(release.Shards[0], known.Select(q => q.OfPlace).OfType<CdmColumn>()) : null;
        var otherwiseLast = Days.Of(DateOnly.FromDateTime(release.Manifest.Created.UtcDateTime));
        for (var number = 0; number < release.Shards.Count; number++)
        {
            cancel.ThrowIfCancellationRequested();
            var patients = ShardPatients.Of(release.Shards[number], number, population, plan, keys);
            if (patients.InOrder.Count == 0) continue;
            foreach (var ordinal in patients.InOrder)
                if (!seen.Add(patients.Pseudonym(ordinal))) throw Collision("person");
            patients.Generalise(plan, otherwiseLast);
            hidden.AddRange(Hidden(patients, plan, known, places, sensitive, shared));
            shards.Add(patients);
        }
        var (report, weak) = Anonymity.Of(hidden, plan, known, places);
        // Shards in an order of the project's own, for the same reason as the rows in them.
        return new([.. shards.OrderBy(s => keys.Order(s.Number))], report, weak);
    }

    static IEnumerable<Hidden> Hidden(ShardPatients patients, DatasetPlan plan, IReadOnlyList<QuasiIdentifier> known, PatientPlaces? places, IReadOnlyList<int[]> sensitive, Dictionary<string, long[]> shared)
    {
        var read = known.Select(q => q.Read(patients, plan, places)).ToArray();
        long[] Values(int ordinal)
        {
            long[] own = [.. read.Select(r => r[ordinal])];
            var key = string.Join('|', own);
            if (!shared.TryGetValue(key, out var same)) shared[key] = same = own;
            return same;
        }
        var masks = new uint[patients.Shard.Patients];
        foreach (var table in plan.Tables.Where(t => t.Source == Cdm54.ConditionOccurrence || t.Source == Cdm54.ConditionEra))
            RowScan.Each(patients, table, plan, (_, ordinal, concept, _, _) =>
            {
                for (var s = 0; s < sensitive.Count; s++)
                    if (Array.BinarySearch(sensitive[s], concept) >= 0) masks[ordinal] |= 1u << s;
            });
        return patients.InOrder.Select(o => new Hidden(patients.Pseudonym(o), Values(o), masks[o]));
    }

    /// <summary>Writes the dataset into an empty folder.</summary>
    public static PackageContents Write(string folder, DatasetPlan plan, ProjectKeys keys, Look look, long memoryBytes, IProgress<(string Table, int Done, int Of)>? progress, CancellationToken cancel)
    {
        if (plan.Options.Remove)
            foreach (var shard in look.Shards) shard.Remove(look.Weak);
        var rare = new RareCodes(plan);
        var referred = Count(look.Shards, plan, rare, cancel);
        var package = new Package(folder, keys);
        var done = 0;
        foreach (var table in plan.Tables)
        {
            progress?.Report((table.Source.Name, done++, plan.Tables.Length + 1));
            package.Table($"omop/{table.Source.Name}.parquet", $"csv/{table.Source.Name}.csv", table.Output, Watched(Given(table, look.Shards, plan, keys, rare, referred, memoryBytes), cancel));
        }
        progress?.Report(("wide", done, plan.Tables.Length + 1));
        var wide = new WideTable(plan, rare);
        package.Table("analysis/wide.parquet", "analysis/wide.csv", wide.Table, Watched(look.Shards.Select(wide.Of), cancel));
        var withheld = rare.Withheld.Select(w => new WithheldCodes(w.Table, w.Column, w.Values)).ToList();
        var permit = PermitSha256(plan);
        package.Text("anonymity.json", PackageWords.Report(look.Anonymity));
        package.Text("README.md", PackageWords.ReadMe(plan, look.Patients, look.Anonymity, withheld, [.. rare.Numbers.Cut], package.Files));
        package.Text("csvw-metadata.json", PackageWords.Dictionary(plan, wide.Table));
        package.Text("ro-crate-metadata.json", PackageWords.Provenance(plan, permit, package.Files));
        package.Text("SHA256SUMS", PackageWords.Checksums(package.Files));
        var contents = new PackageContents(plan.Permit.Tenant, plan.Permit.Project, plan.Permit.Version, permit, plan.Permit.Release, plan.DefinitionSha256, DatasetPlan.Software, plan.Options, look.Patients,
            look.Anonymity, [.. withheld], [.. package.Files]);
        package.Finish(contents);
        return contents;
    }

    /// <summary>Counts who shares which code and number, in all the dataset.</summary>
    /// <returns>The rows that others refer to.</returns>
    static IReadOnlyList<ReferredRows> Count(IReadOnlyList<ShardPatients> shards, DatasetPlan plan, RareCodes rare, CancellationToken cancel)
    {
        var referred = shards.Count == 0 ? [] : ReferredRows.All(plan, shards[0].Shard, rare);
        foreach (var table in plan.Tables)
        {
            if (EventLink.Of(table.Source).Count > 0)
            {
                foreach (var (source, rows) in new LinkedRows(table, plan).Of(shards))
                {
                    cancel.ThrowIfCancellationRequested();
                    rare.Count(table, source, rows);
                }
                continue;
            }
            if (ColumnUses.IsReferred(table.Source)) continue;
            foreach (var shard in shards)
            {
                cancel.ThrowIfCancellationRequested();
                rare.Count(shard, table);
                foreach (var to in referred) to.Count(shard, table, plan);
            }
        }
        return referred;
    }

    static IEnumerable<Batch> Given(PlannedTable table, IReadOnlyList<ShardPatients> shards, DatasetPlan plan, ProjectKeys keys, RareCodes rare, IReadOnlyList<ReferredRows> referred, long memoryBytes)
    {
        var columns = new GivenColumns(table, plan, keys, rare);
        if (ColumnUses.IsReferred(table.Source)) return referred.Where(r => r.Table == table).SelectMany(r => r.Given(columns, keys));
        if (EventLink.Of(table.Source).Count > 0) return new LinkedRows(table, plan).Given(shards, columns);
        var rows = new GivenRows(table, plan, columns);
        return shards.SelectMany(s => rows.Of(s, memoryBytes));
    }

    static string PermitSha256(DatasetPlan plan) => DatasetPlan.Sha256(JsonSerializer.Serialize(plan.Permit, KeptJson.AsDeclared<Permit>()));

    static IEnumerable<Batch> Watched(IEnumerable<Batch> batches, CancellationToken cancel)
    {
        foreach (var batch in batches)
        {
            cancel.ThrowIfCancellationRequested();
            yield return batch;
        }
    }

    public static FailureException Collision(string what) =>
        new Failure(FailureKind.Conflict, "dataset.pseudonym-collision", $"Two of {what} would get the same pseudonym: destroy the project's key and build again.").AsException();
}
