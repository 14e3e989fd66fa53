using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;

namespace Ambroise.Lake.Writing;

/// <summary>Tables that follow from a release's other tables: observation periods, condition eras, drug eras. Each shard is worked out from its own sealed files, which are sorted as eras need them.</summary>
/// <remarks>OMOP CDM 5.4 conventions and OHDSI's era scripts: events of one concept less than 31 days apart are one era; a condition without an end lasts a day;
/// a drug lasts to its end, else its days of supply, else a day. One observation period a person, from the first event to the last.</remarks>
static class DerivedTables
{
    /// <summary>Standard algorithm (type concept), and EHR for the period that records span.</summary>
    const int Algorithm = 32880;
    const int PersistenceDays = 30;

    public static readonly CdmTable[] All = [Cdm54.ObservationPeriod, Cdm54.ConditionEra, Cdm54.DrugEra];

    static readonly CdmTable[] Events =
    [
        Cdm54.VisitOccurrence, Cdm54.VisitDetail, Cdm54.ConditionOccurrence, Cdm54.DrugExposure, Cdm54.ProcedureOccurrence, Cdm54.DeviceExposure, Cdm54.Measurement, Cdm54.Observation,
        Cdm54.Note, Cdm54.Specimen, Cdm54.Death,
    ];

    /// <summary>Rows of a derived table, a batch a shard.</summary>
    /// <param name="files">The files written, those of the tables derived from among them.</param>
    /// <param name="shards">Numbers of the shards written.</param>
    public static IEnumerable<Batch> Of(CdmTable table, TenantLake lake, IReadOnlyCollection<LakeFile> files, IEnumerable<int> shards, Func<int, IReadOnlyList<int>> ingredients)
    {
        foreach (var shard in shards)
        {
            var rows = new Batch(table);
            if (table == Cdm54.ObservationPeriod) Periods(rows, lake, files, shard);
            else if (table == Cdm54.ConditionEra) ConditionEras(rows, lake, files, shard);
            else DrugEras(rows, lake, files, shard, ingredients);
            if (rows.Rows > 0) yield return rows;
        }
    }

    static void Periods(Batch to, TenantLake lake, IReadOnlyCollection<LakeFile> files, int shard)
    {
        var spans = new Dictionary<long, (int First, int Last)>();
        foreach (var table in Events)
        {
            var hasEnd = table.Name.StartsWith("visit_", StringComparison.Ordinal);
            foreach (var (person, _, start, end, _) in Rows(table, lake, files, shard))
            {
                var last = hasEnd && end > start ? end : start;
                spans[person] = spans.TryGetValue(person, out var span) ? (Math.Min(span.First, start), Math.Max(span.Last, last)) : (start, last);
            }
        }
        foreach (var (person, span) in spans.OrderBy(s => s.Key))
        {
            to.Int64("observation_period_id").Append(Key(person, 1, 0));
            to.Int64("person_id").Append(person);
            to.Int32("observation_period_start_date").Append(span.First);
            to.Int32("observation_period_end_date").Append(span.Last);
            to.Int32("period_type_concept_id").Append(Algorithm);
        }
    }

    static void ConditionEras(Batch to, TenantLake lake, IReadOnlyCollection<LakeFile> files, int shard)
    {
        void Era(int concept, long person, int first, int last, int count, int _)
        {
            to.Int64("condition_era_id").Append(Key(person, concept, first));
            to.Int64("person_id").Append(person);
            to.Int32("condition_concept_id").Append(concept);
            to.Int32("condition_era_start_date").Append(first);
            to.Int32("condition_era_end_date").Append(last);
            to.Int32("condition_occurrence_count").Append(count);
        }
        Collapse(Rows(Cdm54.ConditionOccurrence, lake, files, shard).Where(r => r.Concept != 0).Select(r => (r.Concept, r.Person, r.Start, End: r.End == Null.Int32 ? After(r.Start, 1) : r.End)), Era);
    }

    static void DrugEras(Batch to, TenantLake lake, IReadOnlyCollection<LakeFile> files, int shard, Func<int, IReadOnlyList<int>> ingredients)
    {
        var exposures = new List<(int Concept, long Person, int Start, int End)>();
        foreach (var (person, concept, start, end, days) in Rows(Cdm54.DrugExposure, lake, files, shard))
            foreach (var ingredient in ingredients(concept))
                exposures.Add((ingredient, person, start, end > start ? end : After(start, days > 0 ? days : 1)));
        exposures.Sort();
        Collapse(exposures, (concept, person, first, last, count, gap) =>
        {
            to.Int64("drug_era_id").Append(Key(person, concept, first));
            to.Int64("person_id").Append(person);
            to.Int32("drug_concept_id").Append(concept);
            to.Int32("drug_era_start_date").Append(first);
            to.Int32("drug_era_end_date").Append(last);
            to.Int32("drug_exposure_count").Append(count);
            to.Int32("gap_days").Append(gap);
        });
    }

    /// <summary>A number of days later, no later than the calendar goes.</summary>
    static int After(int day, int days) => (int)Math.Min(Days.Last, (long)day + days);

    /// <summary>Merges events sorted by (concept, person, start) into eras.</summary>
    static void Collapse(IEnumerable<(int Concept, long Person, int Start, int End)> events, Action<int, long, int, int, int, int> era)
    {
        (int Concept, long Person, int First, int Last, int Count, int Gap)? open = null;
        foreach (var (concept, person, start, end) in events)
        {
            if (open is { } o && o.Concept == concept && o.Person == person && start - o.Last <= PersistenceDays)
            {
                open = o with { Last = Math.Max(o.Last, end), Count = o.Count + 1, Gap = o.Gap + Math.Max(0, start - o.Last) };
                continue;
            }
            if (open is { } done) era(done.Concept, done.Person, done.First, done.Last, done.Count, done.Gap);
            open = (concept, person, start, Math.Max(start, end), 1, 0);
        }
        if (open is { } last) era(last.Concept, last.Person, last.First, last.Last, last.Count, last.Gap);
    }

    static IEnumerable<(long Person, int Concept, int Start, int End, int Days)> Rows(CdmTable table, TenantLake lake, IReadOnlyCollection<LakeFile> files, int shard)
    {
        if (files.FirstOrDefault(f => f.Shard == shard && f.Table == table.Name && f.Part == FilePart.Analytic) is not { } file) yield break;
        using var reader = lake.OpenFile(file);
        var days = table.Find("days_supply");
        for (var block = 0; block < reader.Blocks; block++)
        {
            var persons = reader.Int64(table.Columns[table.Person], block);
            var starts = reader.Int32(table.Columns[table.Start], block);
            var concepts = table.Concept < 0 ? null : reader.Int32(table.Columns[table.Concept], block);
            var ends = table.End < 0 ? null : reader.Int32(table.Columns[table.End], block);
            var supplies = days is null ? null : reader.Int32(days, block);
            for (var row = 0; row < persons.Length; row++)
                yield return (persons[row], concepts?[row] ?? 0, starts[row], ends?[row] ?? Null.Int32, supplies?[row] ?? Null.Int32);
        }
    }

    /// <summary>A key that the same rows always get: a mix of what makes the era one (MurmurHash3's 64-bit finaliser). Two that meet are refused by the load as duplicates.</summary>
    static long Key(long person, int concept, int start)
    {
        var h = (ulong)person * 0x9E3779B97F4A7C15 ^ (ulong)(uint)concept * 0xC2B2AE3D27D4EB4F ^ (ulong)(uint)start * 0x165667B19E3779F9;
        h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD;
        h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53;
        var key = (long)((h ^ h >> 33) & long.MaxValue);
        return key == 0 ? 1 : key;
    }
}
