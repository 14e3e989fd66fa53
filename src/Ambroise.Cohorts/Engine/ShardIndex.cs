using System.Collections.Concurrent;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Cohorts.Engine;

/// <summary>What many criteria look up in a shard, read on first use and kept: observation periods, the persons, and where visits, providers and places are.</summary>
sealed class ShardIndex(IShard shard)
{
    readonly Lazy<Periods> periods = new(() => new(shard));
    readonly Lazy<int[]> births = new(() => Person(shard, "year_of_birth"));
    readonly Lazy<int[]> genders = new(() => Person(shard, "gender_concept_id"));
    readonly Lazy<int[]> races = new(() => Person(shard, "race_concept_id"));
    readonly Lazy<int[]> ethnicities = new(() => Person(shard, "ethnicity_concept_id"));
    readonly Lazy<VisitIndex> visits = new(() => new(shard));
    readonly Lazy<Dictionary<long, int>> specialties = new(() => Shared(shard, Cdm54.Provider, "specialty_concept_id"));
    readonly Lazy<Dictionary<long, int>> places = new(() => Shared(shard, Cdm54.CareSite, "place_of_service_concept_id"));
    readonly Lazy<Dictionary<long, int>> regions = new(() => Shared(shard, Cdm54.Location, "region_concept_id"));
    readonly Lazy<Dictionary<long, long>> addresses = new(() => Addresses(shard));

    readonly ConcurrentDictionary<CdmTable, bool> read = [];

    /// <summary>By block: 1 where every row begins inside a period, 2 where not, 0 where nobody has looked.</summary>
    readonly ConcurrentDictionary<CdmTable, byte[]> inside = [];

    public IShard Shard => shard;

    /// <summary>A criterion has read this table here.</summary>
    public void Read(CdmTable table) => read.TryAdd(table, true);

    /// <returns>Whether every table that a definition asks for was read here before.</returns>
    public bool HasRead(BoundDefinition bound)
    {
        foreach (var criterion in bound.Criteria)
            if (!read.ContainsKey(criterion.Kind.Table)) return false;
        return true;
    }

    /// <returns>Whether every row of a block begins inside an observation period of its patient, as an extract's rows mostly do. Reckoned once.</returns>
    public bool BeginsInside(IShardTable table, int block)
    {
        var known = inside.GetOrAdd(table.Definition, static (_, blocks) => new byte[blocks], (table.Rows - 1) / IShardTable.BlockRows + 1);
        if (known[block] == 0) known[block] = (byte)(Periods.Hold(table.Patients(block), table.Int32(table.Definition.Columns[table.Definition.Start], block)) ? 1 : 2);
        return known[block] == 1;
    }

    public Periods Periods => periods.Value;
    public int[] YearOfBirth => births.Value;
    public int[] Gender => genders.Value;
    public int[] Race => races.Value;
    public int[] Ethnicity => ethnicities.Value;
    public VisitIndex Visits => visits.Value;

    /// <returns>Null.Int32 where there is no provider of that id, or it has no specialty.</returns>
    public int Specialty(long provider) => specialties.Value.GetValueOrDefault(provider, Null.Int32);

    /// <returns>False where there is no care site of that id.</returns>
    public bool Place(long careSite, out int concept) => places.Value.TryGetValue(careSite, out concept);

    /// <param name="region">Null where the location tells none.</param>
    /// <returns>False where there is no location of that id: nobody has lived there.</returns>
    public bool Location(long location, out int region) => regions.Value.TryGetValue(location, out region);

    public int Region(long location) => regions.Value.GetValueOrDefault(location, Null.Int32);

    public int CareSiteRegion(long careSite) => addresses.Value.TryGetValue(careSite, out var location) ? Region(location) : Null.Int32;

    static int[] Person(IShard shard, string column)
    {
        var values = new int[shard.Patients];
        Array.Fill(values, Null.Int32);
        if (shard.Table(Cdm54.Person) is not { } table) return values;
        for (var block = 0; block * IShardTable.BlockRows < table.Rows; block++)
        {
            var (patients, read) = (table.Patients(block), table.Int32(Cdm54.Person[column], block));
            for (var i = 0; i < patients.Length; i++) values[patients[i]] = read[i];
        }
        return values;
    }

    static Dictionary<long, int> Shared(IShard shard, CdmTable of, string column)
    {
        var found = new Dictionary<long, int>();
        if (shard.Table(of) is not { } table || of.Find(column) is not { } wanted) return found;
        for (var block = 0; block * IShardTable.BlockRows < table.Rows; block++)
        {
            var (keys, values) = (table.Int64(of.Columns[of.Key], block), table.Int32(wanted, block));
            for (var i = 0; i < keys.Length; i++) found[keys[i]] = values[i];
        }
        return found;
    }

    static Dictionary<long, long> Addresses(IShard shard)
    {
        var found = new Dictionary<long, long>();
        if (shard.Table(Cdm54.CareSite) is not { } table) return found;
        for (var block = 0; block * IShardTable.BlockRows < table.Rows; block++)
        {
            var (keys, values) = (table.Int64(Cdm54.CareSite["care_site_id"], block), table.Int64(Cdm54.CareSite["location_id"], block));
            for (var i = 0; i < keys.Length; i++) found[keys[i]] = values[i];
        }
        return found;
    }
}

/// <summary>Observation periods by patient: those of patient p are at [From[p], From[p + 1]).</summary>
sealed class Periods
{
    public Periods(IShard shard)
    {
        From = new int[shard.Patients + 1];
        if (shard.Table(Cdm54.ObservationPeriod) is not { } table)
        {
            (Start, End) = ([], []);
            (Opens, Closes) = None(shard.Patients);
            return;
        }
        var (first, last) = (Cdm54.ObservationPeriod["observation_period_start_date"], Cdm54.ObservationPeriod["observation_period_end_date"]);
        if (table.Rows == shard.Patients && table.Rows <= IShardTable.BlockRows && EachHasOne(table.Patients(0)))
        {
            for (var p = 0; p < From.Length; p++) From[p] = p;
            (Start, End) = (Opens, Closes) = (table.Int32(first, 0), table.Int32(last, 0));
            return;
        }
        var (from, start, end) = (From, new int[table.Rows], new int[table.Rows]);
        var at = 0;
        for (var block = 0; block * IShardTable.BlockRows < table.Rows; block++)
        {
            var patients = table.Patients(block);
            table.Int32(first, block).AsSpan(0, patients.Length).CopyTo(start.AsSpan(at));
            table.Int32(last, block).AsSpan(0, patients.Length).CopyTo(end.AsSpan(at));
            at += patients.Length;
            foreach (var patient in patients) from[patient + 1]++;
        }
        var (opens, closes) = None(shard.Patients);
        for (var p = 0; p < shard.Patients; p++)
        {
            from[p + 1] += from[p];
            for (var next = from[p] + 1; next < from[p + 1]; next++) Overlap |= start[next] <= end[next - 1];
            if (from[p + 1] == from[p] + 1) (opens[p], closes[p]) = (start[from[p]], end[from[p]]);
            else if (from[p + 1] > from[p]) Several = true;
        }
        (Start, End, Opens, Closes) = (start, end, opens, closes);
    }

    static (int[] Opens, int[] Closes) None(int patients)
    {
        var (opens, closes) = (new int[patients], new int[patients]);
        Array.Fill(opens, int.MaxValue);
        Array.Fill(closes, int.MinValue);
        return (opens, closes);
    }

    static bool EachHasOne(ushort[] patients)
    {
        for (var p = 0; p < patients.Length; p++)
            if (patients[p] != p) return false;
        return true;
    }

    /// <returns>Whether each of some days lies in a period of the patient beside it.</returns>
    public bool Hold(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> days)
    {
        days = days[..patients.Length];
        for (var i = 0; i < patients.Length; i++)
        {
            var (patient, day) = (patients[i], days[i]);
            if (Opens[patient] <= day && day <= Closes[patient]) continue;
            var (p, last) = (From[patient], From[patient + 1]);
            while (p < last && (day < Start[p] || day > End[p])) p++;
            if (p == last) return false;
        }
        return true;
    }

    public int[] From { get; }
    public int[] Start { get; }
    public int[] End { get; }

    /// <summary>The first day of a patient's only period; int.MaxValue for a patient who has none or several.</summary>
    public int[] Opens { get; }

    /// <summary>The last day of a patient's only period; int.MinValue for a patient who has none or several.</summary>
    public int[] Closes { get; }

    /// <summary>A patient has more than one period.</summary>
    public bool Several { get; }

    /// <summary>A patient has two periods with a day in common.</summary>
    public bool Overlap { get; }
}

/// <summary>A shard's visits by key.</summary>
sealed class VisitIndex
{
    readonly long[] ids;
    readonly int[] concepts;
    readonly ushort[] patients;

    public VisitIndex(IShard shard)
    {
        var table = shard.Table(Cdm54.VisitOccurrence);
        var rows = table?.Rows ?? 0;
        (ids, concepts, patients) = (new long[rows], new int[rows], new ushort[rows]);
        var at = 0;
        for (var block = 0; block * IShardTable.BlockRows < rows; block++)
        {
            var read = table!.Patients(block);
            read.CopyTo(patients.AsSpan(at));
            table.Int64(Cdm54.VisitOccurrence["visit_occurrence_id"], block).AsSpan(0, read.Length).CopyTo(ids.AsSpan(at));
            table.Int32(Cdm54.VisitOccurrence["visit_concept_id"], block).AsSpan(0, read.Length).CopyTo(concepts.AsSpan(at));
            at += read.Length;
        }
        var order = new int[rows];
        for (var i = 0; i < rows; i++) order[i] = i;
        Array.Sort(ids, order);
        concepts = Array.ConvertAll(order, i => concepts[i]);
        patients = Array.ConvertAll(order, i => patients[i]);
    }

    /// <returns>True with the visit's concept where the patient has a visit of that id.</returns>
    public bool Find(long id, ushort patient, out int concept)
    {
        var at = id == Null.Int64 ? -1 : Array.BinarySearch(ids, id);
        concept = at < 0 ? Null.Int32 : concepts[at];
        return at >= 0 && patients[at] == patient;
    }
}
