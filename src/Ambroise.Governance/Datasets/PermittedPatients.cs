using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>A patient of the population, as the warehouse knows it.</summary>
/// <param name="Entry">First day in the cohort, since 1970-01-01.</param>
/// <param name="Exit">Last day of that stay.</param>
public readonly record struct Permitted(long Person, int Entry, int Exit);

/// <summary>The permitted patients of one shard, with what each is given in place of the truth. About 30 bytes a patient of the shard.</summary>
sealed class ShardPatients
{
    readonly long[] pseudonyms;
    readonly int[] shifts, births;
    int[] byRank = [];

    ShardPatients(IShard shard, int number)
    {
        (Shard, Number) = (shard, number);
        (pseudonyms, shifts, births) = (new long[shard.Patients], new int[shard.Patients], new int[shard.Patients]);
        (Entries, Exits, Ranks) = (new int[shard.Patients], new int[shard.Patients], new int[shard.Patients]);
    }

    public IShard Shard { get; }
    public int Number { get; }

    /// <summary>By ordinal, as recorded.</summary>
    public int[] Entries { get; }
    public int[] Exits { get; }

    /// <summary>Place of each ordinal among the permitted, in ascending order of pseudonym: an order no other project shares.</summary>
    public int[] Ranks { get; }

    /// <summary>Ordinals in that order.</summary>
    public IReadOnlyList<int> InOrder => byRank;

    public bool Has(int ordinal) => pseudonyms[ordinal] != 0;
    public long Pseudonym(int ordinal) => pseudonyms[ordinal];
    public int Shift(int ordinal) => shifts[ordinal];

    /// <summary>Year of birth as given.</summary>
    public int BirthYear(int ordinal) => births[ordinal];

    /// <param name="population">Ascending, distinct.</param>
    public static ShardPatients Of(IShard shard, int number, IReadOnlyList<Permitted> population, DatasetPlan plan, ProjectKeys keys)
    {
        var patients = new ShardPatients(shard, number);
        var ids = shard.PersonIds.Span;
        var at = FirstAtLeast(population, ids.Length == 0 ? 0 : ids[0]);
        for (var ordinal = 0; ordinal < ids.Length; ordinal++)
        {
            while (at < population.Count && population[at].Person < ids[ordinal]) at++;
            if (at == population.Count) break;
            if (population[at].Person != ids[ordinal]) continue;
            patients.pseudonyms[ordinal] = keys.Pseudonym("person", ids[ordinal]);
            patients.shifts[ordinal] = plan.Shifts ? keys.ShiftDays(ids[ordinal], plan.Options.ShiftDays) : 0;
            (patients.Entries[ordinal], patients.Exits[ordinal]) = (population[at].Entry, population[at].Exit);
        }
        patients.Sort();
        return patients;
    }

    static int FirstAtLeast(IReadOnlyList<Permitted> population, long person)
    {
        var (low, high) = (0, population.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (population[middle].Person < person) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    public void Remove(IReadOnlySet<long> gone)
    {
        for (var ordinal = 0; ordinal < pseudonyms.Length; ordinal++)
            if (gone.Contains(pseudonyms[ordinal])) pseudonyms[ordinal] = 0;
        Sort();
    }

    void Sort()
    {
        byRank = [.. Enumerable.Range(0, pseudonyms.Length).Where(Has).OrderBy(o => pseudonyms[o])];
        for (var rank = 0; rank < byRank.Length; rank++) Ranks[byRank[rank]] = rank;
    }

    /// <summary>Works out each year of birth as given: moved with the patient's dates, and no more than 90 years before the last of them.</summary>
    public void Generalise(DatasetPlan plan, int otherwiseLast)
    {
        var last = Enumerable.Repeat(int.MinValue, Shard.Patients).ToArray();
        foreach (var table in plan.Tables.Where(t => t.Source.Start >= 0))
            RowScan.Each(this, table, plan, (_, ordinal, _, start, _) => last[ordinal] = Math.Max(last[ordinal], start));
        if (Shard.Table(Cdm54.Person) is not { } persons) return;
        for (var block = 0; block * IShardTable.BlockRows < persons.Rows; block++)
        {
            var ordinals = persons.Patients(block);
            var (years, months, days) = (persons.Int32(Cdm54.Person["year_of_birth"], block), persons.Int32(Cdm54.Person["month_of_birth"], block), persons.Int32(Cdm54.Person["day_of_birth"], block));
            for (var i = 0; i < ordinals.Length; i++)
            {
                var ordinal = ordinals[i];
                if (!Has(ordinal)) continue;
                var month = months[i] is >= 1 and <= 12 ? months[i] : 7;
                var year = Math.Clamp(years[i], 2, 9997);
                var day = Math.Clamp(days[i], 1, DateTime.DaysInMonth(year, month));
                var born = Days.Date(Days.Of(new(year, month, day)) + shifts[ordinal]).Year;
                births[ordinal] = Math.Max(born, Days.Date(last[ordinal] == int.MinValue ? otherwiseLast : last[ordinal]).Year - 90);
            }
        }
    }
}
