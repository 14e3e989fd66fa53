using Ambroise.Cohorts.Definitions;

namespace Ambroise.Cohorts.Explain;

/// <summary>When a correlated event must happen, as phrases with their leading comma.</summary>
sealed class WindowWords(Wording words)
{
    public string Of(CorrelatedCriterion item, string index)
    {
        var phrases = new List<string> { Window(item.StartWindow, index, item.StartWindow.UseEventEnd ?? false) };
        if (item.EndWindow is { } end) phrases.Add(Window(end, index, end.UseEventEnd ?? true));
        if (item.RestrictVisit) phrases.Add(words.Say($"in the same visit as {index}", $"lors de la même venue que {index}"));
        if (item.IgnoreObservationPeriod) phrases.Add(words.Say("even outside the observation period", "même hors de la période d’observation"));
        return string.Concat(phrases.Select(p => $", {p}"));
    }

    string Window(Window window, string index, bool eventEnd)
    {
        var verb = eventEnd ? words.Say("ending", "se terminant") : words.Say("starting", "débutant");
        var (from, to) = (window.Start.SignedDays, window.End.SignedDays);
        var anchor = window.UseIndexEnd ?? false ? words.Say($"the end of {index}", $"fin de {index}") : words.Say($"the start of {index}", $"début de {index}");
        if (from is null && to is null) return words.Say($"{verb} at any time", $"{verb} à tout moment");

        // French clinicians count days as J−30, J0, J+7.
        return words.IsFrench ? $"{verb} {French(from, to)} (J0\u00a0: {anchor})" : $"{verb} {English(from, to)} {anchor}";
    }

    string English(long? from, long? to) => (from, to) switch
    {
        (0, 0) => "on the day of",
        (null, { } last) => $"at any time up to {Point(last)}",
        ({ } first, null) => $"at any time from {Point(first)}",
        ({ } first, { } last) when first == last => Point(first),
        ({ } first, { } last) => $"between {Point(first)} and {Point(last)}",
        _ => "at any time around",
    };

    string Point(long days) => days == 0 ? "the day of" : days < 0 ? $"{words.Days(-days)} before" : $"{words.Days(days)} after";

    string French(long? from, long? to) => (from, to) switch
    {
        (null, { } last) => $"jusqu’à {Jour(last)}",
        ({ } first, null) => $"à partir de {Jour(first)}",
        ({ } first, { } last) when first == last => $"à {Jour(first)}",
        ({ } first, { } last) => $"entre {Jour(first)} et {Jour(last)}",
        _ => "à tout moment",
    };

    string Jour(long days) => days == 0 ? "J0" : $"J{(days < 0 ? "−" : "+")}{words.Whole(Math.Abs(days))}";
}
