using System.CommandLine;
using System.Text;
using System.Text.Json.Serialization;
using Ambroise.Cli.Datasets;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Ambroise.Cohorts.Definitions;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Projects;
using Ambroise.Governance.Register;
using Ambroise.Lake.Releases;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise project</c>: from the question to the permit.</summary>
static class RunProjects
{
    sealed record EventShown(DateTimeOffset At, string Actor, string Step, int Version, string? Opinion, string? Reason);

    sealed record PermitShown(int Version, int Release, DateOnly From, DateOnly Until, string IssuedBy, string? NotInForce)
    {
        /// <summary>When its release was dropped: no permit in force names it.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public DateTimeOffset? ReleaseDropped { get; init; }
    }

    sealed record Shown(string Id, string State, int Version, string Title, string Purpose, string Investigator, DateOnly RetainUntil, PermitShown? Permit, IReadOnlyList<EventShown> Events, ProjectRequest Request);

    static Argument<string> Id(CommandFrame frame) => new("PROJECT") { Description = frame.Say("The project's id: a-z, 0-9 and '-'", "L'identifiant du projet : a-z, 0-9 et « - »") };

    static Option<FileInfo> RequestFile(CommandFrame frame) => new("--request") { Required = true, HelpName = "FILE", Description = frame.Say("The request, as JSON; see docs/projects.md", "La demande, en JSON ; voir docs/projects.md") };

    static Option<string?> Reason(CommandFrame frame) => new("--reason") { HelpName = "TEXT", Description = frame.Say("Why", "Pourquoi") };

    public static Command Create(CommandFrame frame)
    {
        var (id, tenant, file) = (Id(frame), TenantArgument.MakeOption(frame), RequestFile(frame));
        return frame.Runs(new Command("create", frame.Say("Makes a project of a request", "Crée un projet à partir d'une demande")) { id, tenant, file },
            (session, parse) => ReadRequest(parse.GetRequiredValue(file)).Failed(out var failure, out var request) ? failure
                : Act(session, parse.GetRequiredValue(tenant), parse.GetRequiredValue(id), ProjectStep.Create, book => book.Create(parse.GetRequiredValue(id), request, session.Caller.Actor)),
            new Example("ambroise project create statins --request request.json --tenant chu --as marie", frame.Say("marie is its investigator, or in its team", "marie en est l'investigatrice, ou membre de l'équipe")));
    }

    public static Command Amend(CommandFrame frame)
    {
        var (id, tenant, file) = (Id(frame), TenantArgument.MakeOption(frame), RequestFile(frame));
        return frame.Runs(new Command("amend", frame.Say("Asks for something else; the permit in force stays until another is issued", "Demande autre chose ; le permis en vigueur demeure jusqu'au suivant")) { id, tenant, file },
            (session, parse) => ReadRequest(parse.GetRequiredValue(file)).Failed(out var failure, out var request) ? failure
                : Act(session, parse.GetRequiredValue(tenant), parse.GetRequiredValue(id), ProjectStep.Amend, book => book.Take(parse.GetRequiredValue(id), ProjectStep.Amend, session.Caller.Actor, null, null, request)),
            new Example("ambroise project amend statins --request wider.json --tenant chu --as marie", frame.Say("goes through opinion and decision again", "repasse par l'avis et la décision")));
    }

    public static Command Submit(CommandFrame frame) => Plain(frame, "submit", ProjectStep.Submit, frame.Say("Hands a project to the committee", "Remet un projet au comité"), "ambroise project submit statins --tenant chu --as marie");

    public static Command Suspend(CommandFrame frame) => Plain(frame, "suspend", ProjectStep.Suspend, frame.Say("Stops a project at once", "Arrête un projet sur-le-champ"), "ambroise project suspend statins --reason \"audit\" --tenant chu");

    public static Command Resume(CommandFrame frame) => Plain(frame, "resume", ProjectStep.Resume, frame.Say("Lets a suspended project go on", "Laisse reprendre un projet suspendu"), "ambroise project resume statins --tenant chu");

    public static Command Close(CommandFrame frame) => Plain(frame, "close", ProjectStep.Close, frame.Say("Ends a project for good: its key is destroyed, its datasets are unreadable", "Clôt un projet pour toujours : sa clé est détruite, ses jeux de données sont illisibles"), "ambroise project close statins --reason \"done\" --tenant chu");

    static Command Plain(CommandFrame frame, string name, ProjectStep step, string says, string example)
    {
        var (id, tenant, reason) = (Id(frame), TenantArgument.MakeOption(frame), Reason(frame));
        return frame.Runs(new Command(name, says) { id, tenant, reason },
            (session, parse) => Act(session, parse.GetRequiredValue(tenant), parse.GetRequiredValue(id), step, book => book.Take(parse.GetRequiredValue(id), step, session.Caller.Actor, parse.GetValue(reason))),
            new Example(example, says));
    }

    public static Command GiveOpinion(CommandFrame frame)
    {
        var (id, tenant, reason) = (Id(frame), TenantArgument.MakeOption(frame), Reason(frame));
        var opinion = new Argument<string>("OPINION") { Description = "favourable, reserved, unfavourable" };
        opinion.AcceptOnlyFromAmong("favourable", "reserved", "unfavourable");
        return frame.Runs(new Command("opinion", frame.Say("Records the committee's opinion", "Consigne l'avis du comité")) { id, opinion, tenant, reason },
            (session, parse) => Act(session, parse.GetRequiredValue(tenant), parse.GetRequiredValue(id), ProjectStep.Opinion,
                book => book.Take(parse.GetRequiredValue(id), ProjectStep.Opinion, session.Caller.Actor, parse.GetValue(reason), Enum.Parse<Opinion>(parse.GetRequiredValue(opinion), ignoreCase: true))),
            new Example("ambroise project opinion statins favourable --reason \"sound and minimal\" --tenant chu --as claire", frame.Say("by a committee member who is not of the project", "par un membre du comité étranger au projet")));
    }

    public static Command Decide(CommandFrame frame)
    {
        var (id, tenant, reason) = (Id(frame), TenantArgument.MakeOption(frame), Reason(frame));
        var decision = new Argument<string>("DECISION") { Description = "approve, refuse" };
        decision.AcceptOnlyFromAmong("approve", "refuse");
        return frame.Runs(new Command("decide", frame.Say("Approves or refuses a project", "Approuve ou refuse un projet")) { id, decision, tenant, reason },
            (session, parse) =>
            {
                var step = parse.GetRequiredValue(decision) == "approve" ? ProjectStep.Approve : ProjectStep.Refuse;
                return Act(session, parse.GetRequiredValue(tenant), parse.GetRequiredValue(id), step, book => book.Take(parse.GetRequiredValue(id), step, session.Caller.Actor, parse.GetValue(reason)));
            },
            new Example("ambroise project decide statins approve --reason \"opinion of 12 March\" --tenant chu", frame.Say("approval needs a favourable opinion", "l'accord demande un avis favorable")));
    }

    public static Command Activate(CommandFrame frame)
    {
        var (id, tenant, release) = (Id(frame), TenantArgument.MakeOption(frame), LakeOptions.Release(frame));
        var until = new Option<DateOnly?>("--until") { HelpName = "DATE", Description = frame.Say("The permit's last day (else the day the data must be gone)", "Dernier jour du permis (sinon le jour où les données doivent disparaître)") };
        return frame.Runs(new Command("activate", frame.Say("Issues the signed permit of an approved project", "Délivre le permis signé d'un projet approuvé")) { id, tenant, release, until },
            (session, parse) =>
            {
                var (project, named) = (parse.GetRequiredValue(id), parse.GetRequiredValue(tenant));
                using var open = session.OpenTenant(named, Capability.ProjectDecide, project).OrThrow();
                var lake = open.Lake(session.Clock);
                // The newest is not dropped; an older one must not be while a permit is given for it.
                using var held = parse.GetValue(release) is null ? null : lake.Lock().OrThrow();
                if (lake.Release(parse.GetValue(release)).Failed(out var failure, out var manifest)) return failure;
                var book = open.Ledger.Projects(open.Id);
                if (book.Find(project).Failed(out failure, out var found)) return failure;
                if (book.Activate(project, session.Caller.Actor, manifest.Release, parse.GetValue(until) ?? found.Request.RetainUntil, open.Signature).Failed(out failure, out var permit)) return Refused(open, failure);
                open.Record(Outcome.Done, permit.Release, null, ("step", "activate"), ("version", $"{permit.Version}"));
                return Answer.Sentence(permit, session.Say($"Permit {permit.Version} of {project}: release {permit.Release}, until {permit.Until:yyyy-MM-dd}.", $"Permis {permit.Version} de {project} : version {permit.Release}, jusqu'au {permit.Until:yyyy-MM-dd}."));
            },
            new Example("ambroise project activate statins --tenant chu --until 2028-12-31", frame.Say("from the newest release", "sur la version la plus récente")));
    }

    public static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("list", frame.Say("Lists the projects", "Liste les projets")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.ProjectRead).OrThrow();
                var projects = open.Ledger.Projects(open.Id).List().Select(p => Of(p, open)).ToList();
                return new Answer(projects.Select(p => new { p.Id, p.State, p.Version, p.Title, p.Investigator, p.RetainUntil, p.Permit }).ToList(), console =>
                {
                    var table = new Table().Border(TableBorder.Simple).AddColumns("ID", session.Say("State", "État"), session.Say("Title", "Titre"), session.Say("Investigator", "Investigateur"), session.Say("Permit until", "Permis jusqu'au"));
                    foreach (var p in projects) table.AddRow(new Text(p.Id), new Text(Word(session, p.State)), new Text(p.Title), new Text(p.Investigator), new Text(p.Permit is { NotInForce: null } permit ? $"{permit.Until:yyyy-MM-dd}" : ""));
                    console.Write(table);
                });
            },
            new Example("ambroise project list --tenant chu", frame.Say("with their state", "avec leur état")));
    }

    public static Command Show(CommandFrame frame)
    {
        var (id, tenant) = (Id(frame), TenantArgument.MakeOption(frame));
        return frame.Runs(new Command("show", frame.Say("Shows a project: what was asked, who said what, its permit", "Montre un projet : la demande, qui a dit quoi, son permis")) { id, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.ProjectRead, parse.GetRequiredValue(id)).OrThrow();
                if (open.Ledger.Projects(open.Id).Find(parse.GetRequiredValue(id)).Failed(out var failure, out var project)) return failure;
                return Told(session, Of(project, open, open.Lake(session.Clock).Releases().Failed(out _, out var releases) ? [] : DroppedRelease.Of(releases)));
            },
            new Example("ambroise project show statins --tenant chu", frame.Say("its whole story", "toute son histoire")));
    }

    static Result<Answer> Act(Session session, string tenant, string id, ProjectStep step, Func<ProjectBook, Result<Project>> act)
    {
        using var open = session.OpenTenant(tenant, StepRule.Of(step).By, id).OrThrow();
        if (act(open.Ledger.Projects(open.Id)).Failed(out var failure, out var project)) return Refused(open, failure);
        open.Record(Outcome.Done, null, null, ("step", step.ToString().ToLowerInvariant()), ("version", $"{project.Version}"));
        // Said first, destroyed then: a project closed by a program that died in between builds and opens nothing, and can be expired by hand.
        if (step == ProjectStep.Close) open.Record(Outcome.Done, null, null, ("expired-files", $"{DatasetRoom.ShelfOf(session, open).Expire(id).Files.Count}"));
        return Told(session, Of(project, open));
    }

    static Failure Refused(OpenTenant open, Failure because)
    {
        if (because.Kind == FailureKind.Forbidden) open.Record(Outcome.Denied, null, null, ("because", because.Code));
        return because;
    }

    /// <summary>A request whose population is a cohort definition that the engine reads.</summary>
    static Result<ProjectRequest> ReadRequest(FileInfo file)
    {
        if (!file.Exists) return new Failure(FailureKind.NotFound, "project.request-missing", $"There is no file {file.FullName}.");
        if (ProjectRequest.Parse(File.ReadAllBytes(file.FullName)).Failed(out var failure, out var request)) return failure;
        return CohortDefinition.Parse(Encoding.UTF8.GetBytes(request.Population.GetRawText())).Failed(out failure, out _) ? failure with { Detail = $"$.population: {failure.Detail}" } : request;
    }

    /// <summary>States, steps and opinions as a sentence has them; in English they are the words of docs/projects.md.</summary>
    internal static string Word(Session session, string name) => session.Say(name, name switch
    {
        "draft" => "brouillon",
        "submitted" => "déposé",
        "reviewed" => "examiné",
        "approved" => "approuvé",
        "refused" => "refusé",
        "active" => "actif",
        "suspended" => "suspendu",
        "closed" => "clos",
        "create" => "création",
        "submit" => "dépôt",
        "opinion" => "avis",
        "approve" => "accord",
        "refuse" => "refus",
        "activate" => "permis délivré",
        "amend" => "modification",
        "suspend" => "suspension",
        "resume" => "reprise",
        "close" => "clôture",
        "reserved" => "réservé",
        "unfavourable" => "défavorable",
        "favourable" => "favorable",
        _ => name,
    });

    /// <param name="dropped">Where they are shown: releases that were dropped.</param>
    static Shown Of(Project project, OpenTenant open, IReadOnlyList<DroppedRelease>? dropped = null)
    {
        PermitShown? shown = null;
        if (project.Permit is { } signed)
        {
            var permit = signed.Open(open.Signature).OrThrow();
            shown = new(permit.Version, permit.Release, permit.From, permit.Until, permit.IssuedBy, open.Ledger.Projects(open.Id).InForce(project.Id, null, open.Signature).Failed(out var failure, out _) ? failure.Code : null)
            {
                ReleaseDropped = dropped?.FirstOrDefault(d => d.Release == permit.Release)?.At,
            };
        }
        return new(project.Id, project.State.ToString().ToLowerInvariant(), project.Version, project.Request.Title, project.Request.Purpose.ToString(), project.Request.Investigator, project.Request.RetainUntil, shown,
            [.. project.Events.Select(e => new EventShown(e.At, e.Actor, e.Step.ToString().ToLowerInvariant(), e.Version, e.Opinion?.ToString().ToLowerInvariant(), e.Reason))], project.Request);
    }

    static Answer Told(Session session, Shown shown) => new(shown, console =>
    {
        console.MarkupLineInterpolated($"[bold]{shown.Id}[/] {shown.Title}{session.Say(":", " :")} [bold]{Word(session, shown.State)}[/], {session.Say("request", "demande")} {shown.Version}");
        console.WriteLine($"{RegisterPage.Words(shown.Request.Purpose, session.IsFrench)}; {RegisterPage.Words(shown.Request.LegalBasis)}; {string.Join(", ", shown.Request.Members)}; {session.Say("data gone by", "données détruites au")} {shown.RetainUntil:yyyy-MM-dd}");
        foreach (var category in shown.Request.Data) console.WriteLine($"  {category.Table}{(category.Columns.IsEmpty ? "" : " (" + string.Join(", ", category.Columns) + ")")}: {category.Justification}");
        foreach (var e in shown.Events) console.WriteLine($"  {e.At:yyyy-MM-dd HH:mm} {e.Actor}{session.Say("", " :")} {Word(session, e.Step)}{(e.Opinion is null ? "" : " " + Word(session, e.Opinion))}{(e.Reason is null ? "" : " — " + e.Reason)}");
        if (shown.Permit is { } permit)
            console.WriteLine(session.Say($"Permit {permit.Version}, release {permit.Release}{(permit.ReleaseDropped is { } at ? $" (dropped on {at:yyyy-MM-dd})" : "")}, {permit.From:yyyy-MM-dd} to {permit.Until:yyyy-MM-dd}, by {permit.IssuedBy}{(permit.NotInForce is null ? "" : ": not in force, " + permit.NotInForce)}",
                $"Permis {permit.Version}, version {permit.Release}{(permit.ReleaseDropped is { } on ? $" (supprimée le {on:yyyy-MM-dd})" : "")}, du {permit.From:yyyy-MM-dd} au {permit.Until:yyyy-MM-dd}, par {permit.IssuedBy}{(permit.NotInForce is null ? "" : " : pas en vigueur, " + permit.NotInForce)}"));
    });
}
