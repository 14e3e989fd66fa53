using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir;

/// <summary>Sex and day of birth of patients whom a load makes one person: where they contradict one another somebody's identity is wrong, and people must look.</summary>
sealed class Traits
{
    readonly Dictionary<long, (int Sex, int Year, int Month, int Day)> known = [];
    readonly List<(long Patient, long Person)> joined = [];
    HashSet<long>? asked;

    /// <summary>Says who became one, before rows are taken.</summary>
    public void Ask(IEnumerable<PersonDecision> decisions)
    {
        joined.AddRange(decisions.Where(d => d.What != "split").Select(d => (d.Patient, d.Person)));
        asked = joined.Count == 0 ? null : [.. joined.SelectMany(j => new[] { j.Patient, j.Person })];
    }

    /// <summary>Takes a row of PERSON as the Patient of that key tells it, whosever person that is.</summary>
    public void Take(Batch persons, int row)
    {
        if (asked?.Contains(persons.Int64("person_id").Array[row]) == true)
            known[persons.Int64("person_id").Array[row]] = (persons.Int32("gender_concept_id").Array[row], Of("year_of_birth"), Of("month_of_birth"), Of("day_of_birth"));

        int Of(string column) => persons.Int32(column) is { IsAbsent: false } values ? values.Array[row] : Null.Int32;
    }

    /// <summary>How many of those who became one contradict the person they became.</summary>
    public long Contradictions => joined.LongCount(j => known.TryGetValue(j.Patient, out var one) && known.TryGetValue(j.Person, out var other)
        && (one.Sex != 0 && other.Sex != 0 && one.Sex != other.Sex || Differ(one.Year, other.Year) || Differ(one.Month, other.Month) || Differ(one.Day, other.Day)));

    static bool Differ(int one, int other) => one > 0 && other > 0 && one != other; // null is less than any
}
