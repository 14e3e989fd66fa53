using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Datasets;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Oppositions;
using Ambroise.Lake.Releases;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise opposition add</c>, <c>import</c>, <c>withdraw</c>: in force at the next count, cohort and dataset.</summary>
static class WriteOppositions
{
    /// <param name="UnknownPersons">In no row of the newest release: written down all the same, but perhaps misspelt.</param>
    /// <param name="UnknownProjects">The same of projects.</param>
    sealed record Shown(string Tenant, string Reach, bool InForce, int Patients, int AlreadyKnown, IReadOnlyList<DatasetHeld> Rebuild, IReadOnlyList<long> UnknownPersons, IReadOnlyList<string> UnknownProjects);

    sealed record Said(Option<string> Tenant, Option<string> Reach, Option<Channel> Channel, Option<DateOnly?> Received, Option<string> Proof)
    {
        public static Said Of(CommandFrame frame) => new(
            TenantArgument.MakeOption(frame),
            new("--reach") { HelpName = "all|project:ID|purpose:NAME", DefaultValueFactory = _ => "all", Description = frame.Say("What the patient objects to", "Ce à quoi le patient s'oppose") },
            new("--channel") { Required = true, Description = frame.Say("How the patient said it", "Comment le patient l'a dit") },
            new("--received") { HelpName = "DATE", Description = frame.Say("The day the patient said it (else today)", "Le jour où le patient l'a dit (sinon aujourd'hui)") },
            new("--proof") { HelpName = "REFERENCE", DefaultValueFactory = _ => "", Description = frame.Say("Where the letter or message is kept", "Où la lettre ou le message est conservé") });

        public void On(Command command)
        {
            foreach (var option in new Option[] { Tenant, Reach, Channel, Received, Proof }) command.Add(option);
        }

        public Result<OppositionRegister.Said> By(Session session, ParseResult parse, long person) =>
            Ambroise.Governance.Oppositions.Reach.Parse(parse.GetRequiredValue(Reach)).Failed(out var failure, out var reach) ? failure
            : new OppositionRegister.Said(person, reach, parse.GetValue(Channel), parse.GetValue(Received) ?? DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime), parse.GetValue(Proof) ?? "");
    }

    static Argument<long> Person(CommandFrame frame) => new("PERSON") { Description = frame.Say("The patient's person_id", "Le person_id du patient") };

    public static Command Add(CommandFrame frame)
    {
        var (person, said) = (Person(frame), Said.Of(frame));
        var command = new Command("add", frame.Say("A patient objects; nobody asks why", "Un patient s'oppose ; on ne demande pas pourquoi")) { person };
        said.On(command);
        return frame.Runs(command,
            (session, parse) =>
            {
                if (said.By(session, parse, parse.GetValue(person)).Failed(out var failure, out var one)) return failure;
                return AddAll(session, parse.GetRequiredValue(said.Tenant), [one], one.Reach.ToString());
            },
            new Example("ambroise opposition add 1042 --tenant chu --channel post --received 2026-11-02 --proof letter-318", frame.Say("to any research", "à toute recherche")),
            new Example("ambroise opposition add 1042 --tenant chu --channel portal --reach purpose:education", frame.Say("to projects of one purpose", "aux projets d'une finalité")));
    }

    public static Command Import(CommandFrame frame)
    {
        var file = new Argument<FileInfo>("FILE") { Description = frame.Say("CSV with a header: person_id, reach, channel, received, proof; the first alone is needed", "CSV avec en-tête : person_id, reach, channel, received, proof ; seul le premier est nécessaire") };
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("import", frame.Say("Takes over a list of patients who object, whole or not at all", "Reprend une liste de patients opposés, entière ou pas du tout")) { file, tenant },
            (session, parse) =>
            {
                if (OppositionFile.Read(parse.GetRequiredValue(file), DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime)).Failed(out var failure, out var all)) return failure;
                return AddAll(session, parse.GetRequiredValue(tenant), all, "import");
            },
            new Example("ambroise opposition import list.csv --tenant chu", frame.Say("those known already are passed over", "les déjà connus sont passés")));
    }

    static Result<Answer> AddAll(Session session, string id, List<OppositionRegister.Said> all, string reach)
    {
        using var tenant = session.OpenTenant(id, Capability.OppositionWrite).OrThrow();
        all = Patients(session, tenant, all);
        if (tenant.Ledger.Oppositions(tenant.Id, tenant.Keys).Add(all, session.Caller.Actor).Failed(out var failure, out var written)) return failure;
        var asked = all.Select(o => o.Person).ToHashSet();
        var patients = written.Count(w => asked.Contains(w.Person));
        if (written.Count > 0) tenant.Record(Outcome.Done, null, patients, ("entry", $"{written[^1].Number}"));
        var rebuild = Objecting.Datasets(session, tenant, written.Select(w => w.Person).ToHashSet()).Where(d => d.Holds).ToList();
        var projects = all.Select(o => o.Reach).OfType<Reach.OneProject>().Select(r => r.Project).Distinct().Where(p => tenant.Ledger.Projects(tenant.Id).Find(p).Failed(out _, out _)).Order(StringComparer.Ordinal).ToList();
        var shown = new Shown(id, reach, true, patients, all.Count - patients, rebuild, Unknown(session, tenant, all), projects);
        return new Answer(shown, console => Say(session, console, shown));
    }

    /// <summary>What is said of a person as of each of the patients whom the newest release holds as that person.</summary>
    static List<OppositionRegister.Said> Patients(Session session, OpenTenant tenant, IEnumerable<OppositionRegister.Said> all)
    {
        var keys = OnePerson.Keys(OnePerson.Of(tenant.Lake(session.Clock)));
        return [.. all.Select(o => keys.TryGetValue(o.Person, out var patients) ? o with { Patients = patients } : o)];
    }

    /// <returns>Those who are not in the newest release, ascending.</returns>
    static List<long> Unknown(Session session, OpenTenant tenant, List<OppositionRegister.Said> all)
    {
        // Who is one with others is in it.
        var unknown = new SortedSet<long>(all.Where(o => o.Patients.Count == 0).Select(o => o.Person));
        if (unknown.Count == 0 || tenant.OpenWhole(session.Clock, "opposition", 0).Failed(out _, out var release)) return [.. unknown];
        using (release)
            foreach (var shard in release.Shards) unknown.RemoveWhere(person => shard.PersonIds.Span.BinarySearch(person) >= 0);
        return [.. unknown];
    }

    static void Say(Session session, IAnsiConsole console, Shown shown)
    {
        var rebuild = string.Join(", ", shown.Rebuild.Select(d => $"{d.Project} {d.Number}"));
        console.WriteLine(session.Say(
            $"{shown.Patients:opposition|oppositions} in force from now on; {shown.AlreadyKnown:N0} known already.{(rebuild.Length == 0 ? "" : $" Datasets to build again: {rebuild}.")}",
            $"{shown.Patients:opposition|oppositions} en vigueur dès maintenant ; {shown.AlreadyKnown:déjà connue|déjà connues}.{(rebuild.Length == 0 ? "" : $" Jeux de données à reconstruire : {rebuild}.")}"));
        if (shown.UnknownPersons is { Count: > 0 } persons)
            console.WriteLine(session.Say($"Not in the newest release, so nobody is withheld for: {Some(persons)}. Check the number; where it is right, it holds as soon as the patient is loaded.",
                $"Absents de la dernière version, personne n'est donc retiré pour : {Some(persons)}. Vérifiez le numéro ; s'il est juste, l'opposition vaudra dès que le patient sera chargé."));
        if (shown.UnknownProjects is { Count: > 0 } projects)
            console.WriteLine(session.Say($"There is no project of this name yet: {Some(projects)}. See 'ambroise project list'.", $"Il n'y a pas encore de projet de ce nom : {Some(projects)}. Voir « ambroise project list »."));
    }

    static string Some<T>(IReadOnlyList<T> all) => string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", all.Take(20))}{(all.Count > 20 ? $" … ({all.Count})" : "")}");

    public static Command Withdraw(CommandFrame frame)
    {
        var (person, said) = (Person(frame), Said.Of(frame));
        var command = new Command("withdraw", frame.Say("A patient no longer objects", "Un patient ne s'oppose plus")) { person };
        said.On(command);
        return frame.Runs(command,
            (session, parse) =>
            {
                if (said.By(session, parse, parse.GetValue(person)).Failed(out var failure, out var one)) return failure;
                using var tenant = session.OpenTenant(parse.GetRequiredValue(said.Tenant), Capability.OppositionWrite).OrThrow();
                if (tenant.Ledger.Oppositions(tenant.Id, tenant.Keys).Withdraw(Patients(session, tenant, [one])[0], session.Caller.Actor).Failed(out failure, out var entry)) return failure;
                tenant.Record(Outcome.Done, null, 1, ("entry", $"{entry.Number}"), ("withdrawn", "true"));
                return Answer.Sentence(new Shown(tenant.Id.Value, one.Reach.ToString(), false, 1, 0, [], [], []), session.Say("The opposition is withdrawn from now on.", "L'opposition est levée dès maintenant."));
            },
            new Example("ambroise opposition withdraw 1042 --tenant chu --channel phone", frame.Say("what was done in between stays as it is", "ce qui a été fait entre-temps reste")));
    }
}
