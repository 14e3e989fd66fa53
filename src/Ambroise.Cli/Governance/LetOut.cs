using System.CommandLine;
using Ambroise.Cli.Datasets;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Airlock;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Disclosure;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise airlock</c>: results leave a project's space only after checks, and by someone else's decision.</summary>
static class LetOut
{
    static Argument<long> Number(CommandFrame frame) => new("NUMBER") { Description = frame.Say("The export request", "La demande d'export") };

    static Argument<string> Folder(CommandFrame frame) => new("DIR") { Description = frame.Say("A new folder for the files", "Un dossier neuf pour les fichiers") };

    public static Command Submit(CommandFrame frame)
    {
        var files = new Argument<FileInfo[]>("FILE") { Arity = ArgumentArity.OneOrMore, Description = frame.Say("Results: tables, texts, figures", "Des résultats : tableaux, textes, figures") };
        var (project, tenant) = (DatasetOptionsOf.MakeProject(frame), TenantArgument.MakeOption(frame));
        var description = new Option<string>("--description") { Required = true, HelpName = "TEXT", Description = frame.Say("What they are", "Ce qu'ils sont") };
        return frame.Runs(new Command("submit", frame.Say("Asks to let files of results leave; they are sealed and checked at once", "Demande à sortir des fichiers de résultats ; ils sont scellés et examinés sur-le-champ")) { files, project, description, tenant },
            (session, parse) =>
            {
                var of = parse.GetRequiredValue(project);
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.AirlockSubmit, of).OrThrow();
                if (open.PermitInForce(session.Caller.Actor).Failed(out var failure, out var permit)) return failure;
                var book = open.Ledger.Airlock(open.Id, open.Keys);
                int threshold;
                using (var counts = SafeCounts.Open(open.Folder, open.Keys).OrThrow()) threshold = counts.Rules.Threshold;
                if (DatasetRoom.ShelfOf(session, open).Pseudonyms(of).Failed(out failure, out var pseudonyms)) return failure;
                var number = book.Next;
                if (new AirlockFiles(open.Folder, open.Keys).Take(of, number, parse.GetRequiredValue(files), pseudonyms, threshold).Failed(out failure, out var taken)) return failure;
                if (book.Submit(number, permit, parse.GetRequiredValue(description), taken.Files, taken.Findings, session.Caller.Actor).Failed(out failure, out var request)) return failure;
                open.Record(Outcome.Done, null, null, ("request", $"{number}"), ("files", string.Join(' ', request.Files.Select(f => f.Sha256))));
                return Told(session, request);
            },
            new Example("ambroise airlock submit table1.csv figure2.png --project statins --description \"Table 1 and figure 2\" --tenant chu --as marie", frame.Say("by a member of the project", "par un membre du projet")));
    }

    public static Command Check(CommandFrame frame)
    {
        var (number, tenant) = (Number(frame), TenantArgument.MakeOption(frame));
        return frame.Runs(new Command("check", frame.Say("Shows what the checks found in a request", "Montre ce que l'examen a trouvé dans une demande")) { number, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.ProjectRead).OrThrow();
                return open.Ledger.Airlock(open.Id, open.Keys).Find(parse.GetValue(number)).Failed(out var failure, out var request) ? failure : Told(session, request);
            },
            new Example("ambroise airlock check 3 --tenant chu", frame.Say("file by file, with the first line of each finding", "fichier par fichier, avec la première ligne de chaque constat")));
    }

    public static Command Look(CommandFrame frame)
    {
        var (number, folder, tenant) = (Number(frame), Folder(frame), TenantArgument.MakeOption(frame));
        return frame.Runs(new Command("look", frame.Say("Gives a reviewer the files of a request to look at", "Donne à qui décide les fichiers d'une demande, pour examen")) { number, folder, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.AirlockReview).OrThrow();
                if (open.Ledger.Airlock(open.Id, open.Keys).Find(parse.GetValue(number)).Failed(out var failure, out var request)) return failure;
                open.Record(Outcome.Allowed, null, null, ("request", $"{request.Number}"), ("step", "look"));
                return new AirlockFiles(open.Folder, open.Keys).Give(request, Path.GetFullPath(parse.GetRequiredValue(folder))) is { } refused ? refused : Told(session, request);
            },
            new Example("ambroise airlock look 3 ./look --tenant chu --as dpo", frame.Say("delete the folder after the decision", "supprimer le dossier après la décision")));
    }

    public static Command Decide(CommandFrame frame, bool approves)
    {
        var (number, tenant) = (Number(frame), TenantArgument.MakeOption(frame));
        var reason = new Option<string>("--reason") { Required = true, HelpName = "TEXT", Description = frame.Say("Why: the answer to each finding", "Pourquoi : la réponse à chaque constat") };
        var command = approves ? new Command("approve", frame.Say("Approves a request, by someone who is not of the project", "Approuve une demande, par quelqu'un d'étranger au projet"))
            : new Command("refuse", frame.Say("Refuses a request", "Refuse une demande"));
        foreach (var part in new Symbol[] { number, reason, tenant }) if (part is Argument argument) command.Add(argument); else command.Add((Option)part);
        return frame.Runs(command,
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.AirlockReview).OrThrow();
                var book = open.Ledger.Airlock(open.Id, open.Keys);
                if (book.Find(parse.GetValue(number)).Failed(out var failure, out var asked) || open.Ledger.Projects(open.Id).Find(asked.Project).Failed(out failure, out var project)
                    || book.Decide(asked.Number, approves, parse.GetRequiredValue(reason), project.Request.Members, session.Caller.Actor).Failed(out failure, out var request))
                {
                    if (failure.Kind == FailureKind.Forbidden) open.Record(Outcome.Denied, null, null, ("because", failure.Code), ("request", $"{parse.GetValue(number)}"));
                    return failure;
                }
                open.Record(Outcome.Done, null, null, ("request", $"{request.Number}"), ("project", request.Project), ("state", $"{request.State}"));
                return Told(session, request);
            },
            new Example($"ambroise airlock {(approves ? "approve" : "refuse")} 3 --reason \"cells of row 4 count beds, not patients\" --tenant chu --as dpo", frame.Say("the reason is kept with the request", "le motif est gardé avec la demande")));
    }

    public static Command Release(CommandFrame frame)
    {
        var (number, folder, tenant) = (Number(frame), Folder(frame), TenantArgument.MakeOption(frame));
        var project = DatasetOptionsOf.MakeProject(frame);
        return frame.Runs(new Command("release", frame.Say("Lets the files of an approved request out, for a member of its project", "Sort les fichiers d'une demande approuvée, pour un membre du projet")) { number, folder, project, tenant },
            (session, parse) =>
            {
                var of = parse.GetRequiredValue(project);
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.AirlockSubmit, of).OrThrow();
                if (open.PermitInForce(session.Caller.Actor).Failed(out var failure, out _)) return failure;
                var book = open.Ledger.Airlock(open.Id, open.Keys);
                if (book.Find(parse.GetValue(number)).Failed(out failure, out var request)) return failure;
                if (request.Project != of) return new Failure(FailureKind.NotFound, "airlock.unknown", $"There is no export request {request.Number} of project '{of}'.");
                if (book.Release(request.Number, session.Caller.Actor).Failed(out failure, out request))
                {
                    open.Record(Outcome.Denied, null, null, ("because", failure.Code), ("request", $"{parse.GetValue(number)}"));
                    return failure;
                }
                open.Record(Outcome.Allowed, null, null, ("request", $"{request.Number}"), ("files", string.Join(' ', request.Files.Select(f => f.Sha256))));
                return new AirlockFiles(open.Folder, open.Keys).Give(request, Path.GetFullPath(parse.GetRequiredValue(folder))) is { } refused ? refused : Told(session, request);
            },
            new Example("ambroise airlock release 3 ./results --project statins --tenant chu --as marie", frame.Say("what leaves is what was looked at, by its hashes", "ce qui sort est ce qui a été examiné, par ses empreintes")));
    }

    public static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("list", frame.Say("Lists the export requests", "Liste les demandes d'export")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.ProjectRead).OrThrow();
                var all = open.Ledger.Airlock(open.Id, open.Keys).Standing();
                return new Answer(all, console =>
                {
                    var table = new Table().Border(TableBorder.Simple).AddColumns("N°", session.Say("Project", "Projet"), "Description", session.Say("By", "Par"), session.Say("State", "État"), session.Say("Approved by", "Approuvée par"), session.Say("Findings", "Constats"));
                    foreach (var r in all)
                        table.AddRow(new Text($"{r.Number}"), new Text(r.Project), new Text(r.Description), new Text(r.By), new Text(RequestWords.Of(session, r.State)), new Text($"{string.Join(", ", r.ApprovedBy)} ({r.ApprovedBy.Length}/{r.Reviewers})"), new Text($"{r.Findings.Length}"));
                    console.Write(table);
                });
            },
            new Example("ambroise airlock list --tenant chu", frame.Say("with their state", "avec leur état")));
    }

    static Answer Told(Session session, ExportRequest request) => new(request, console =>
    {
        console.WriteLine(session.Say($"Request {request.Number} of {request.Project}: {request.State}, approved by {request.ApprovedBy.Length} of {request.Reviewers}.", $"Demande {request.Number} de {request.Project} : {RequestWords.Of(session, request.State)}, approuvée par {request.ApprovedBy.Length} sur {request.Reviewers}."));
        foreach (var file in request.Files) console.WriteLine(session.Say($"  {file.Name}  {file.Bytes:N0}  {file.Sha256}"));
        foreach (var finding in request.Findings)
            console.WriteLine($"  {(finding.Blocks ? session.Say("BLOCKS", "BLOQUE") : session.Say("judge", "à juger"))}  {finding.Kind}  {finding.File}:{finding.Line} (×{finding.Times})");
    });
}
