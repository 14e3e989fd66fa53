using System.Collections.Immutable;
using System.Globalization;

namespace Ambroise.Governance.Datasets;

/// <summary>Patients who cannot be told apart by the quasi-identifiers, and are too few or too alike.</summary>
/// <param name="Values">Of the quasi-identifiers, in their order.</param>
/// <param name="Why">k or l.</param>
public sealed record WeakClass(ImmutableArray<string> Values, int Patients, string Why);

/// <param name="BirthBand">Years of birth by so many together.</param>
/// <param name="Patients">Who would have to go then.</param>
public sealed record BandOutcome(int BirthBand, int Patients);

/// <summary>How well a dataset's patients are hidden among one another (k-anonymity, and l-diversity of sensitive diagnoses), on what someone may know of a patient (the permit's quasi-identifiers).</summary>
/// <param name="Smallest">Patients of the smallest class.</param>
/// <param name="BelowK">Patients in classes of fewer than k.</param>
/// <param name="BelowL">Patients in classes that share a sensitive diagnosis with fewer than l values among them.</param>
/// <param name="ToGo">Patients in either.</param>
/// <param name="Removed">Of them, left out of the dataset.</param>
/// <param name="Bands">What other bands of birth years would come to.</param>
public sealed record AnonymityReport(ImmutableArray<string> QuasiIdentifiers, int K, int L, int Patients, int Classes, int Smallest, int BelowK, int BelowL, int ToGo, int Removed,
    ImmutableArray<BandOutcome> Bands, ImmutableArray<WeakClass> Weakest);

/// <summary>What the report looks at of one patient.</summary>
/// <param name="Values">Of the quasi-identifiers, the year of birth not yet in bands: an array shared by those who have the same.</param>
/// <param name="Sensitive">Which sensitive groups of diagnoses the dataset shows for the patient, bit by bit.</param>
readonly record struct Hidden(long Pseudonym, long[] Values, uint Sensitive);

static class Anonymity
{
    const int Listed = 50;

    /// <returns>The report, and who is in a weak class.</returns>
    public static (AnonymityReport Report, HashSet<long> Weak) Of(IReadOnlyList<Hidden> patients, DatasetPlan plan, IReadOnlyList<QuasiIdentifier> known, PatientPlaces? places)
    {
        var shown = Shown(patients, plan, known, places);
        var protection = plan.Protection;
        var classes = Classes(patients, shown, plan.Options.BirthBand);
        var weak = classes.Where(c => c.Value.Why(protection) is not null).ToList();
        var outcomes = !known.Any(q => q.IsYearOfBirth) ? [] : DatasetOptions.BirthBands.Select(b => new BandOutcome(b, Classes(patients, shown, b).Values.Where(c => c.Why(protection) is not null).Sum(c => c.Members.Count))).ToImmutableArray();
        int Sum(string why) => weak.Where(c => c.Value.Why(protection) == why).Sum(c => c.Value.Members.Count);
        var toGo = weak.SelectMany(c => c.Value.Members).ToHashSet();
        return (new([.. known.Select(q => q.Name)], protection.K, protection.L, patients.Count, classes.Count, classes.Count == 0 ? 0 : classes.Values.Min(c => c.Members.Count), Sum("k"), Sum("l"), toGo.Count,
            plan.Options.Remove ? toGo.Count : 0, outcomes,
            [.. weak.OrderBy(c => c.Value.Members.Count).ThenBy(c => c.Key, StringComparer.Ordinal).Take(Listed).Select(c => new WeakClass([.. c.Key.Split('|')], c.Value.Members.Count, c.Value.Why(protection)!))]), toGo);
    }

    /// <returns>For each quasi-identifier, how a value stands in the dataset: years of birth in bands, what fewer patients share than makes a code frequent not at all.</returns>
    static Func<long, int, string>[] Shown(IReadOnlyList<Hidden> patients, DatasetPlan plan, IReadOnlyList<QuasiIdentifier> known, PatientPlaces? places) => [.. known.Select((q, at) =>
    {
        if (q.IsYearOfBirth) return static (year, band) => Band(year, band).ToString(CultureInfo.InvariantCulture);
        if (q.OfPlace is not { } column) return static (value, _) => value.ToString(CultureInfo.InvariantCulture);
        var rare = patients.GroupBy(p => p.Values[at]).Where(g => g.Count() < plan.Options.Rare).Select(g => g.Key).ToHashSet();
        return new Func<long, int, string>((value, _) => rare.Contains(value) ? "" : places!.Show(column, value));
    })];

    static Dictionary<string, Class> Classes(IReadOnlyList<Hidden> patients, Func<long, int, string>[] shown, int band)
    {
        var classes = new Dictionary<string, Class>();
        foreach (var patient in patients)
        {
            var key = string.Join('|', patient.Values.Select((v, i) => v == QuasiIdentifier.None ? "" : shown[i](v, band)));
            if (!classes.TryGetValue(key, out var found)) classes[key] = found = new();
            found.Members.Add(patient.Pseudonym);
            found.Sensitive.Add(patient.Sensitive);
        }
        return classes;
    }

    public static long Band(long year, int band) => year / band * band;

    sealed class Class
    {
        public List<long> Members { get; } = [];
        public HashSet<uint> Sensitive { get; } = [];

        /// <summary>A class in which nobody has a sensitive diagnosis gives none away, however alike its members.</summary>
        public string? Why(Projects.Protection protection) =>
            Members.Count < protection.K ? "k" : Sensitive.Count < protection.L && Sensitive.Any(s => s != 0) ? "l" : null;
    }
}
