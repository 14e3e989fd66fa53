using System.Net;
using System.Text;
using Ambroise.Cohorts.Explain;

namespace Ambroise.Cohorts.Describe;

/// <summary>A description as one self-contained HTML page: charts drawn here as SVG, the same numbers in a table beside each, nothing fetched from elsewhere.</summary>
public sealed class DescriptionPage
{
    const string Style = """
        :root{color-scheme:light dark;--ink:#1d2733;--soft:#5b6875;--line:#d8dee5;--paper:#fff;--a:#0b7285;--b:#e8590c;--c:#868e96}
        @media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9aa7b4;--line:#38424d;--paper:#161b21;--a:#3bc9db;--b:#ff922b;--c:#adb5bd}}
        *{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:2rem 1.25rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
        h1{font-size:1.7rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2.25rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--line)}
        .lead{color:var(--soft);margin:0 0 1.5rem}.facts{display:flex;flex-wrap:wrap;gap:1rem}.facts div{border:1px solid var(--line);border-radius:.5rem;padding:.6rem 1rem;min-width:9rem}
        .facts b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}.facts span{color:var(--soft);font-size:.85rem}
        .pair{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:1.5rem;align-items:start}@media(max-width:48rem){.pair{grid-template-columns:1fr}}
        figure{margin:0}svg{display:block;width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:var(--ink)}svg .soft{fill:var(--soft)}
        .a{fill:var(--a)}.b{fill:var(--b)}.c{fill:var(--c)}.axis{stroke:var(--line)}.whisker{stroke:var(--soft)}.median{stroke:var(--paper);stroke-width:2}
        .scroll{overflow:auto;max-height:26rem}table{border-collapse:collapse;width:100%;font-size:.85rem}th,td{text-align:right;padding:.2rem .5rem;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
        th:first-child,td:first-child{text-align:left}thead th{position:sticky;top:0;background:var(--paper);color:var(--soft);font-weight:600}.key i{display:inline-block;width:.8em;height:.8em;margin:0 .35em 0 .9em;border-radius:2px}
        """;

    readonly CohortDescription cohort;
    readonly Wording words;
    readonly StringBuilder html = new();

    DescriptionPage(CohortDescription cohort, Wording words) => (this.cohort, this.words) = (cohort, words);

    /// <param name="title">Names the cohort; escaped here.</param>
    public static string Html(CohortDescription cohort, string title, Wording words)
    {
        var page = new DescriptionPage(cohort, words);
        page.All(title);
        return page.html.ToString();
    }

    void All(string title)
    {
        html.Append($"<!doctype html>\n<html lang=\"{words.Say("en", "fr")}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
        html.Append($"<title>{Safe(title)}</title><style>{Style}</style></head><body>\n<h1>{Safe(title)}</h1>\n<p class=\"lead\">");
        html.Append(words.Say($"Records counted from {words.Days(cohort.DaysBefore)} before to {words.Days(cohort.DaysAfter)} after the index date.",
            $"Enregistrements comptés de {words.Days(cohort.DaysBefore)} avant à {words.Days(cohort.DaysAfter)} après la date index.")).Append("</p>\n<div class=\"facts\">");
        Fact(words.Whole(cohort.Patients), words.Say("patients", "patients"));
        Fact(words.Whole(cohort.Rows), words.Say("stays in the cohort", "séjours dans la cohorte"));
        foreach (var sex in cohort.Sexes) Fact(Percent(sex.Share), Sex(sex));
        if (cohort.FollowUpDays is { } follow) Fact(Figure(follow.Median), words.Say("days of follow-up, median", "jours de suivi, médiane"));
        html.Append("</div>\n");

        Section(words.Say("Age at index and sex", "Âge à l’index et sexe"), Pyramid(),
            [words.Say("Age", "Âge"), words.Say("Women", "Femmes"), words.Say("Men", "Hommes"), words.Say("Other", "Autre")],
            cohort.Ages.Select(a => new[] { Band(a), words.Whole(a.Women), words.Whole(a.Men), words.Whole(a.Other) }));
        Years(words.Say("Year of index", "Année index"), cohort.IndexYears, words.Say("Year", "Année"), plain: true);
        Concepts(words.Say("Most frequent conditions", "Diagnostics les plus fréquents"), cohort.Conditions);
        Concepts(words.Say("Most frequent drugs", "Médicaments les plus fréquents"), cohort.Drugs);
        Concepts(words.Say("Most frequent procedures", "Actes les plus fréquents"), cohort.Procedures);
        Laboratory();
        Years(words.Say("Follow-up after index, in whole years", "Suivi après l’index, en années révolues"), cohort.FollowUpYears, words.Say("Years", "Années"), plain: false);
        html.Append("</body></html>\n");
    }

    void Fact(string number, string label) => html.Append($"<div><b>{number}</b><span>{Safe(label)}</span></div>");

    string Sex(SexCount sex) => sex.Concept switch
    {
        8532 => words.Say("women", "femmes"),
        8507 => words.Say("men", "hommes"),
        0 => words.Say("sex unknown", "sexe inconnu"),
        _ => sex.Name,
    };

    void Section(string title, string chart, string[] head, IEnumerable<string[]> rows)
    {
        html.Append($"<section><h2>{Safe(title)}</h2><div class=\"pair\"><figure>{chart}</figure><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
        foreach (var cell in head) html.Append($"<th scope=\"col\">{Safe(cell)}</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var row in rows)
        {
            html.Append("<tr>");
            for (var i = 0; i < row.Length; i++) html.Append(i == 0 ? $"<th scope=\"row\">{Safe(row[i])}</th>" : $"<td>{Safe(row[i])}</td>");
            html.Append("</tr>");
        }
        html.Append("</tbody></table></div></div></section>\n");
    }

    string Pyramid()
    {
        var most = Math.Max(1, cohort.Ages.Select(a => Math.Max(a.Women, a.Men + a.Other)).DefaultIfEmpty(1).Max());
        var height = 18 * cohort.Ages.Count + 24;
        var svg = Svg(480, height, words.Say("Age pyramid: women on the left, men and others on the right", "Pyramide des âges\u00a0: femmes à gauche, hommes et autres à droite"));
        for (var i = 0; i < cohort.Ages.Count; i++)
        {
            var band = cohort.Ages[cohort.Ages.Count - 1 - i];
            var (women, men, other, y) = (195.0 * band.Women / most, 195.0 * band.Men / most, 195.0 * band.Other / most, 18 * i + 2);
            svg.Append($"<rect class=\"b\" x=\"{Px(210 - women)}\" y=\"{y}\" width=\"{Px(women)}\" height=\"14\"/><rect class=\"a\" x=\"270\" y=\"{y}\" width=\"{Px(men)}\" height=\"14\"/>");
            svg.Append($"<rect class=\"c\" x=\"{Px(270 + men)}\" y=\"{y}\" width=\"{Px(other)}\" height=\"14\"/><text x=\"240\" y=\"{y + 11}\" text-anchor=\"middle\">{Safe(Band(band))}</text>");
        }
        svg.Append($"<text class=\"soft\" x=\"210\" y=\"{height - 6}\" text-anchor=\"end\">{words.Say("women", "femmes")}</text><text class=\"soft\" x=\"270\" y=\"{height - 6}\">{words.Say("men", "hommes")}</text>");
        return svg.Append("</svg>").ToString();
    }

    static string Band(AgeBand band) => band.To is { } to ? $"{band.From}–{to}" : $"{band.From}+";

    void Years(string title, IReadOnlyList<YearCount> years, string head, bool plain)
    {
        var most = Math.Max(1, years.Select(y => y.Patients).DefaultIfEmpty(1).Max());
        var width = 480.0 / Math.Max(1, years.Count);
        var every = Math.Max(1, (int)Math.Ceiling(34 / width));
        var svg = Svg(480, 180, title);
        svg.Append("<line class=\"axis\" x1=\"0\" y1=\"155\" x2=\"480\" y2=\"155\"/>");
        for (var i = 0; i < years.Count; i++)
        {
            var bar = 140.0 * years[i].Patients / most;
            svg.Append($"<rect class=\"a\" x=\"{Px(i * width + width * 0.1)}\" y=\"{Px(155 - bar)}\" width=\"{Px(width * 0.8)}\" height=\"{Px(bar)}\"/>");
            if (i % every == 0) svg.Append($"<text class=\"soft\" x=\"{Px((i + 0.5) * width)}\" y=\"172\" text-anchor=\"middle\">{years[i].Year}</text>");
        }
        svg.Append("</svg>");
        Section(title, svg.ToString(), [head, "Patients", "%"], years.Select(y => new[] { plain ? $"{y.Year}" : words.Whole(y.Year), words.Whole(y.Patients), Percent(cohort.Patients == 0 ? 0 : (double)y.Patients / cohort.Patients) }));
    }

    void Concepts(string title, IReadOnlyList<ConceptCount> concepts)
    {
        if (concepts.Count == 0) return;
        var most = concepts.Max(c => c.Patients);
        var svg = Svg(480, 22 * concepts.Count, title);
        for (var i = 0; i < concepts.Count; i++)
        {
            var bar = 230.0 * concepts[i].Patients / most;
            svg.Append($"<text x=\"185\" y=\"{22 * i + 15}\" text-anchor=\"end\">{Safe(Short(concepts[i].Name, 30))}</text><rect class=\"a\" x=\"192\" y=\"{22 * i + 3}\" width=\"{Px(bar)}\" height=\"16\"/>");
            svg.Append($"<text class=\"soft\" x=\"{Px(197 + bar)}\" y=\"{22 * i + 15}\">{Percent(concepts[i].Prevalence)}</text>");
        }
        svg.Append("</svg>");
        Section(title, svg.ToString(), [words.Say("Concept", "Concept"), "Patients", "%"], concepts.Select(c => new[] { c.Name, words.Whole(c.Patients), Percent(c.Prevalence) }));
    }

    void Laboratory()
    {
        var all = cohort.Laboratory;
        if (all.Count == 0) return;
        var title = words.Say("Laboratory values", "Valeurs de laboratoire");
        var svg = Svg(480, 26 * all.Count + 18, words.Say("Box plots, each on its own scale from the 5th to the 95th percentile", "Boîtes à moustaches, chacune à son échelle, du 5e au 95e centile"));
        for (var i = 0; i < all.Count; i++)
        {
            var (q, y) = (all[i].Quantiles, 26 * i + 4);
            double X(double value) => 192 + (q.P95 > q.P5 ? 240 * (value - q.P5) / (q.P95 - q.P5) : 120);
            svg.Append($"<text x=\"185\" y=\"{y + 13}\" text-anchor=\"end\">{Safe(Short(all[i].Name, 30))}</text><line class=\"whisker\" x1=\"{Px(X(q.P5))}\" x2=\"{Px(X(q.P95))}\" y1=\"{y + 9}\" y2=\"{y + 9}\"/>");
            svg.Append($"<rect class=\"a\" x=\"{Px(X(q.P25))}\" y=\"{y}\" width=\"{Px(Math.Max(1, X(q.P75) - X(q.P25)))}\" height=\"18\"/><line class=\"median\" x1=\"{Px(X(q.Median))}\" x2=\"{Px(X(q.Median))}\" y1=\"{y}\" y2=\"{y + 18}\"/>");
            svg.Append($"<text class=\"soft\" x=\"438\" y=\"{y + 13}\">{Safe(Short(all[i].Unit, 8))}</text>");
        }
        svg.Append($"<text class=\"soft\" x=\"192\" y=\"{26 * all.Count + 14}\">{words.Say("5 %", "5\u00a0%")}</text><text class=\"soft\" x=\"432\" y=\"{26 * all.Count + 14}\" text-anchor=\"end\">{words.Say("95 %", "95\u00a0%")}</text></svg>");
        Section(title, svg.ToString(), [words.Say("Measurement", "Mesure"), words.Say("Unit", "Unité"), "Patients", words.Say("Values", "Valeurs"), "5\u00a0%", "25\u00a0%", words.Say("Median", "Médiane"), "75\u00a0%", "95\u00a0%"],
            all.Select(l => new[] { l.Name, l.Unit, words.Whole(l.Patients), words.Whole(l.Values), Figure(l.Quantiles.P5), Figure(l.Quantiles.P25), Figure(l.Quantiles.Median), Figure(l.Quantiles.P75), Figure(l.Quantiles.P95) }));
    }

    static StringBuilder Svg(int width, int height, string label) => new($"<svg viewBox=\"0 0 {width} {Math.Max(height, 20)}\" role=\"img\" aria-label=\"{Safe(label)}\">");

    string Percent(double share) => $"{(100 * share).ToString("F1").Replace(".", words.IsFrench ? "," : ".", StringComparison.Ordinal)}{words.Say("%", "\u00a0%")}";

    string Figure(double value) => value == Math.Truncate(value) && Math.Abs(value) < 1e15 ? words.Whole((long)value) : value.ToString("G4").Replace(".", words.IsFrench ? "," : ".", StringComparison.Ordinal);

    static string Px(double value) => value.ToString("0.##");

    static string Short(string text, int most) => text.Length <= most ? text : $"{text[..(most - 1)]}…";

    static string Safe(string text) => WebUtility.HtmlEncode(text);
}
