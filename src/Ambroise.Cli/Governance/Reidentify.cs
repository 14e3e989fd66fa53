using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Datasets;
using Ambroise.Governance.Reidentification;
using Ambroise.Lake.Reading;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise reidentify</c>: names one patient of a dataset again, for a reason of the closed list, by two officers.</summary>
static class Reidentify
{
    sealed record Named(long Number, string Project, long Pseudonym, string Reason, long Person, int Release, IReadOnlyList<Identity> Identities);

    public static Command Command(CommandFrame frame) => CommandFrame.Group("reidentify", frame.Say("Names a patient of a dataset again: one officer asks, another approves", "Lève le pseudonyme d'un patient : une personne habilitée demande, une autre approuve"),
        Ask(frame), Decide(frame, true), Decide(frame, false), List(frame));

    static Command Ask(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var project = new Option<string>("--project") { Required = true, HelpName = "ID", Description = frame.Say("The project whose dataset holds the pseudonym", "Le projet dont un jeu de données contient le pseudonyme") };
        var pseudonym = new Option<long>("--pseudonym") { Required = true, HelpName = "ID", Description = frame.Say("The patient's person_id in the dataset", "Le person_id du patient dans le jeu de données") };
        var reason = new Option<ReidentificationReason>("--reason") { Required = true, Description = frame.Say("Why", "Pourquoi") };
        var reference = new Option<string>("--reference") { Required = true, HelpName = "TEXT", Description = frame.Say("Where the reason is documented; nothing about the patient", "Où la raison est documentée ; rien sur le patient") };
        return frame.Runs(new Command("request", frame.Say("Asks for one patient", "Demande pour un patient")) { tenant, project, pseudonym, reason, reference },
            (session, parse) =>
            {
                var of = parse.GetRequiredValue(project);
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.Reidentify, of).OrThrow();
                if (ProjectKeys.Open(open.Keys, of).Failed(out var failure, out _)) return Refused(open, failure);
                if (open.Ledger.Reidentifications(open.Id, open.Keys).Ask(of, parse.GetValue(pseudonym), parse.GetValue(reason), parse.GetRequiredValue(reference), session.Caller.Actor).Failed(out failure, out var request)) return Refused(open, failure);
                open.Record(Outcome.Done, null, 1, ("request", $"{request.Number}"), ("reason", $"{request.Reason}"));
                return Answer.Sentence(request, session.Say($"Request {request.Number} waits for a second officer: ambroise reidentify approve {request.Number} --tenant {open.Id}.", $"La demande {request.Number} attend une seconde personne habilitée : ambroise reidentify approve {request.Number} --tenant {open.Id}."));
            },
            new Example("ambroise reidentify request --tenant chu --project statins --pseudonym 4711 --reason CareAlert --reference letter-12 --as paul", frame.Say("a finding that the patient's doctor must know", "une découverte que le médecin du patient doit connaître")));
    }

    static Command Decide(CommandFrame frame, bool approves)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var number = new Argument<long>("NUMBER") { Description = frame.Say("The request", "La demande") };
        var command = approves ? new Command("approve", frame.Say("Approves another officer's request, and shows who the patient is, once", "Approuve la demande d'une autre personne et montre une fois qui est le patient"))
            : new Command("refuse", frame.Say("Refuses a request, or takes one's own back", "Refuse une demande, ou retire la sienne"));
        command.Add(number);
        command.Add(tenant);
        return frame.Runs(command,
            (session, parse, cancel) => Task.FromResult(approves ? Approve(session, parse.GetRequiredValue(tenant), parse.GetValue(number), cancel) : Refuse(session, parse.GetRequiredValue(tenant), parse.GetValue(number))),
            new Example($"ambroise reidentify {(approves ? "approve" : "refuse")} 3 --tenant chu --as anne", frame.Say("by someone else than who asked", "par une autre personne que celle qui a demandé")));
    }

    static Result<Answer> Refuse(Session session, string id, long number)
    {
        using var open = session.OpenTenant(id, Capability.Reidentify).OrThrow();
        if (open.Ledger.Reidentifications(open.Id, open.Keys).Decide(number, false, session.Caller.Actor).Failed(out var failure, out var request)) return Refused(open, failure);
        open.Record(Outcome.Done, null, 0, ("request", $"{number}"), ("refused", "true"));
        return Answer.Sentence(request, session.Say($"Request {number} is refused.", $"La demande {number} est refusée."));
    }

    static Result<Answer> Approve(Session session, string id, long number, CancellationToken cancel)
    {
        using var open = session.OpenTenant(id, Capability.Reidentify).OrThrow();
        var book = open.Ledger.Reidentifications(open.Id, open.Keys);
        // Looked for first: an approval that finds nobody would be spent for nothing. What is found is shown only once the approval is written.
        if (book.List().FirstOrDefault(r => r.Number == number) is not { } asked) return Refused(open, new(FailureKind.NotFound, "reidentify.unknown-request", $"There is no request {number}."));
        if (ProjectKeys.Open(open.Keys, asked.Project).Failed(out var failure, out var keys)) return Refused(open, failure);
        if (open.OpenWhole(session.Clock, "reidentify", 64L << 20).Failed(out failure, out var release)) return failure;
        using (release)
        {
            if (PseudonymSearch.Find(release, keys, asked.Pseudonym, cancel) is not { } person)
                return Refused(open, new(FailureKind.NotFound, "reidentify.unknown-patient", "No patient of the newest release has this pseudonym in the project: it is mistyped, or the patient was erased."));
            if (book.Decide(number, true, session.Caller.Actor).Failed(out failure, out var request)) return Refused(open, failure);
            open.Record(Outcome.Done, release.Manifest.Release, 1, ("request", $"{number}"), ("reason", $"{request.Reason}"), ("project", request.Project), ("asked-by", request.By));
            var shown = new Named(number, request.Project, request.Pseudonym, request.Reason.ToString(), person, release.Manifest.Release, Identities.Of(release, person));
            return new Answer(shown, console =>
            {
                console.WriteLine(session.Say($"Pseudonym {shown.Pseudonym} of {shown.Project} is person_id {shown.Person}.", $"Le pseudonyme {shown.Pseudonym} de {shown.Project} est le person_id {shown.Person}."));
                var table = new Table().Border(TableBorder.Simple).AddColumns("", session.Say("Issuer", "Émetteur"), session.Say("Value", "Valeur"));
                foreach (var identity in shown.Identities) table.AddRow(new Text(identity.Kind), new Text(identity.System), new Text(identity.Value));
                if (shown.Identities.Count > 0) console.Write(table);
                else console.WriteLine(session.Say("The release holds no other identity of this patient.", "La version ne contient pas d'autre identité de ce patient."));
            });
        }
    }

    static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("list", frame.Say("Lists requests and what became of them", "Liste les demandes et leur suite")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.Reidentify).OrThrow();
                var all = open.Ledger.Reidentifications(open.Id, open.Keys).List();
                return new Answer(all, console =>
                {
                    if (all.Count == 0) console.WriteLine(session.Say("No request.", "Aucune demande."));
                    if (all.Count == 0) return;
                    var table = new Table().Border(TableBorder.Simple).AddColumns("N°", session.Say("Project", "Projet"), session.Say("Pseudonym", "Pseudonyme"), session.Say("Reason", "Raison"), session.Say("Reference", "Référence"), session.Say("Asked by", "Demandée par"), session.Say("State", "État"), session.Say("By", "Par"));
                    foreach (var r in all)
                        table.AddRow(new Text($"{r.Number}"), new Text(r.Project), new Text($"{r.Pseudonym}"), new Text(RequestWords.Of(session, r.Reason)), new Text(r.Reference), new Text(r.By), new Text(RequestWords.Of(session, r.State)), new Text(r.DecidedBy ?? ""));
                    console.Write(table);
                });
            },
            new Example("ambroise reidentify list --tenant chu --as anne", frame.Say("without any identity", "sans aucune identité")));
    }

    /// <summary>What is refused leaves its trace too.</summary>
    static Failure Refused(OpenTenant open, Failure because)
    {
        open.Record(Outcome.Denied, null, null, ("because", because.Code));
        return because;
    }
}
