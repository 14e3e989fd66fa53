using System.Globalization;
using System.Net;
using System.Text;
using Ambroise.Governance.Projects;

namespace Ambroise.Governance.Register;

/// <summary>The public list of projects as one page of HTML that needs nothing else: no script, no font, no connection.</summary>
public static class RegisterPage
{
    public static string Html(PublicWarehouse warehouse, IReadOnlyList<PublicProject> projects, bool french)
    {
        string Say(string english, string inFrench) => french ? inFrench : english;
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $$"""
            <!doctype html>
            <html lang="{{(french ? "fr" : "en")}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <title>{{Safe(warehouse.Name)}}: {{Say("projects on health data", "projets sur les données de santé")}}</title>
            <style>body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}article{border-top:1px solid #bbb;padding:1rem 0}dt{font-weight:600}dd{margin:0 0 .4rem}</style>
            </head><body><main>
            <h1>{{Say("What health data is used for", "À quoi servent les données de santé")}}: {{Safe(warehouse.Name)}}</h1>
            <p>{{Say("Every project that was given data of this warehouse is listed here, with who answers for it and until when.", "Tout projet ayant reçu des données de cet entrepôt figure ici, avec qui en répond et jusqu'à quand.")}}</p>
            <h2>{{Say("You may object", "Vous pouvez vous opposer")}}</h2>
            <p>{{Say("At any time, without saying why, to one project or to all, without any effect on your care. Write to", "À tout moment, sans dire pourquoi, à un projet ou à tous, sans effet sur vos soins. Écrivez à")}} <strong>{{Safe(warehouse.Contact)}}</strong>.
            {{Say("The same contact answers for access, rectification and erasure.", "Le même contact répond pour l'accès, la rectification et l'effacement.")}}</p>
            <h2>{{Say("Projects", "Projets")}} ({{projects.Count}})</h2>

            """);
        foreach (var p in projects)
            page.Append(CultureInfo.InvariantCulture, $"""
                <article id="{Safe(p.Id)}"><h3>{Safe(p.Title)}</h3><p>{Safe(p.Summary)}</p><dl>
                <dt>{Say("State", "État")}</dt><dd>{State(p.State, french)}</dd>
                <dt>{Say("Purpose", "Finalité")}</dt><dd>{Words(p.Purpose, french)}</dd>
                <dt>{Say("Who answers for it", "Qui en répond")}</dt><dd>{Safe(p.Answerable)}</dd>
                <dt>{Say("Legal basis", "Base légale")}</dt><dd>{Safe(Words(p.LegalBasis))}</dd>
                <dt>{Say("Permit", "Permis")}</dt><dd>{p.From:yyyy-MM-dd} – {p.Until:yyyy-MM-dd}</dd>
                <dt>{Say("Data destroyed by", "Données détruites avant le")}</dt><dd>{p.RetainUntil:yyyy-MM-dd}</dd>
                <dt>{Say("Kinds of data", "Données concernées")}</dt><dd>{Safe(string.Join(", ", p.Tables))}</dd>
                <dt>{Say("Results", "Résultats")}</dt><dd>{(p.Publications.IsEmpty ? Say("due by", "attendus avant le") + $" {p.ResultsDue:yyyy-MM-dd}" : string.Join("<br>", p.Publications.Select(r => $"{Safe(r.Title)}, {Safe(r.Reference)}, {r.On:yyyy-MM-dd}")))}</dd>
                </dl></article>

                """);
        return page.Append("</main></body></html>\n").ToString();
    }

    static string State(string state, bool french) => (state, french) switch
    {
        ("active", true) => "en cours",
        ("ended", true) => "permis échu",
        ("suspended", true) => "suspendu",
        ("closed", true) => "clos",
        _ => state,
    };

    /// <summary>What a purpose is called in a sentence.</summary>
    public static string Words(Purpose purpose, bool french) => (purpose, french) switch
    {
        (Purpose.ScientificResearch, true) => "recherche scientifique",
        (Purpose.PublicHealth, true) => "santé publique",
        (Purpose.CareImprovement, true) => "amélioration des soins",
        (Purpose.OfficialStatistics, true) => "statistique publique",
        (Purpose.Education, true) => "enseignement",
        (Purpose.Regulation, true) => "réglementation",
        (Purpose.ScientificResearch, _) => "scientific research",
        (Purpose.PublicHealth, _) => "public health",
        (Purpose.CareImprovement, _) => "improvement of care",
        (Purpose.OfficialStatistics, _) => "official statistics",
        (Purpose.Education, _) => "education",
        _ => "regulation",
    };

    /// <summary>What a legal basis is called, with its number.</summary>
    public static string Words(LegalBasis basis) => basis.Kind switch
    {
        LegalKind.Mr004 => $"MR-004, {basis.Number}",
        LegalKind.CnilAuthorisation => $"CNIL, {basis.Number}",
        _ => basis.Number,
    };

    static string Safe(string text) => WebUtility.HtmlEncode(text);
}
