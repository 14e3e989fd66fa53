using System.CommandLine;
using System.Text;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Register;
using Ambroise.Lake.Releases;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise register export</c>: the public pages of a tenant: its projects, and its description for catalogues.</summary>
static class ExportRegister
{
    sealed record Shown(string Folder, int Projects, IReadOnlyList<string> Files);

    public static Command Command(CommandFrame frame)
    {
        var folder = new Argument<string>("DIR") { Description = frame.Say("Where to write projects.html, projects.json and catalogue.jsonld", "Où écrire projects.html, projects.json et catalogue.jsonld") };
        var tenant = TenantArgument.MakeOption(frame);
        var contact = new Option<string>("--contact") { Required = true, HelpName = "TEXT", Description = frame.Say("Where patients write to", "Où les patients écrivent") };
        var address = new Option<string>("--address") { HelpName = "URL", DefaultValueFactory = _ => "urn:ambroise:", Description = frame.Say("Where these pages will be published", "Où ces pages seront publiées") };
        var body = new Option<string>("--access-body") { HelpName = "NAME", DefaultValueFactory = _ => new AccessBody().Name, Description = frame.Say("The health data access body", "L'organisme responsable de l'accès aux données de santé") };
        var bodyContact = new Option<string>("--access-body-contact") { HelpName = "URL", DefaultValueFactory = _ => new AccessBody().Contact, Description = frame.Say("Its page or address", "Sa page ou son adresse") };
        return frame.Runs(new Command("export", frame.Say("Writes the public list of projects and the catalogue's description", "Écrit la liste publique des projets et la description pour les catalogues")) { folder, tenant, contact, address, body, bodyContact },
            (session, parse) => Run(session, Path.GetFullPath(parse.GetRequiredValue(folder)), parse.GetRequiredValue(tenant), parse.GetRequiredValue(contact), parse.GetRequiredValue(address), new AccessBody(parse.GetRequiredValue(body), parse.GetRequiredValue(bodyContact))),
            new Example("ambroise register export ./public --tenant chu --contact dpo@chu.example", frame.Say("nothing in it tells of a patient or of a refused request", "rien n'y parle d'un patient ni d'une demande refusée")));
    }

    static Result<Answer> Run(Session session, string folder, string id, string contact, string address, AccessBody body)
    {
        using var tenant = session.OpenTenant(id, Capability.RegisterExport).OrThrow();
        if (tenant.Lake(session.Clock).Releases().Failed(out var failure, out var releases)) return failure;
        var today = DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime);
        var projects = PublicProject.Of(tenant.Ledger.Projects(tenant.Id).List(), p => p.Open(tenant.Signature), today, tenant.Ledger.Publications(tenant.Id, tenant.Keys).Entries);
        var newest = releases.Count == 0 ? null : releases[^1];
        var warehouse = new PublicWarehouse(tenant.Tenant.Name, contact, address.EndsWith('/') || address.EndsWith(':') ? address : address + "/",
            newest is null ? null : newest.Patients / 100 * 100,
            newest?.Files.Where(static f => f.Part == FilePart.Analytic).Sum(static f => f.Living) / 1000 * 1000,
            newest is null ? null : DateOnly.FromDateTime(newest.Created.UtcDateTime), body);
        Directory.CreateDirectory(folder);
        var files = new Dictionary<string, string>
        {
            ["projects.html"] = RegisterPage.Html(warehouse, projects, session.Say("en", "fr") == "fr"),
            ["projects.json"] = PublicProject.ToJson(projects),
            ["catalogue.jsonld"] = HealthDcat.JsonLd(warehouse),
        };
        foreach (var (name, text) in files) File.WriteAllText(Path.Combine(folder, name), text, new UTF8Encoding(false));
        tenant.Record(Outcome.Done, newest?.Release, null, ("projects", $"{projects.Length}"));
        return Answer.Sentence(new Shown(folder, projects.Length, [.. files.Keys]), session.Say($"{projects.Length:project|projects} written to {folder}: {string.Join(", ", files.Keys)}.", $"{projects.Length:projet écrit|projets écrits} dans {folder} : {string.Join(", ", files.Keys)}."));
    }
}
