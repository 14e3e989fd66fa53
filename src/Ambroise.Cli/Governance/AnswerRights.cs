using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Oppositions;
using Ambroise.Governance.PatientRights;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise rights</c>: every request of a patient, with its state, its deadline and its log.</summary>
static class AnswerRights
{
    static Option<string> Note(CommandFrame frame, bool required) => new("--note") { Required = required, HelpName = "TEXT", DefaultValueFactory = required ? null : _ => "", Description = frame.Say("What was asked or decided, and where that is kept", "Ce qui est demandé ou décidé, et où c'est conservé") };

    static Argument<long> Number(CommandFrame frame) => new("NUMBER") { Description = frame.Say("The request", "La demande") };

    public static Command Open(CommandFrame frame)
    {
        var (tenant, note) = (TenantArgument.MakeOption(frame), Note(frame, false));
        var person = new Argument<long>("PERSON") { Description = frame.Say("The patient's person_id", "Le person_id du patient") };
        var kind = new Option<RightsKind>("--kind") { Required = true, Description = frame.Say("What the patient asks for", "Ce que le patient demande") };
        var channel = new Option<Channel>("--channel") { Required = true, Description = frame.Say("How the patient asked", "Comment le patient l'a demandé") };
        var received = new Option<DateOnly?>("--received") { HelpName = "DATE", Description = frame.Say("The day it was received (else today)", "Le jour de réception (sinon aujourd'hui)") };
        return frame.Runs(new Command("open", frame.Say("Writes down a patient's request; a month is left to answer it", "Consigne la demande d'un patient ; un mois reste pour y répondre")) { person, kind, channel, received, note, tenant },
            (session, parse) => Act(session, parse.GetRequiredValue(tenant), "open", book => book.Open(parse.GetValue(person), parse.GetValue(kind), parse.GetValue(channel),
                parse.GetValue(received) ?? DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime), parse.GetValue(note) ?? "", session.Caller.Actor)),
            new Example("ambroise rights open 1042 --kind access --channel post --received 2026-11-02 --tenant chu", frame.Say("then do what it asks: opposition add, erase, …", "puis faire ce qu'elle demande : opposition add, erase, …")));
    }

    public static Command Extend(CommandFrame frame)
    {
        var (tenant, number, note) = (TenantArgument.MakeOption(frame), Number(frame), Note(frame, true));
        return frame.Runs(new Command("extend", frame.Say("Puts a deadline off by two months, once, with the reason told to the patient", "Repousse un délai de deux mois, une fois, avec le motif dit au patient")) { number, note, tenant },
            (session, parse) => Act(session, parse.GetRequiredValue(tenant), "extend", book => book.Extend(parse.GetValue(number), parse.GetRequiredValue(note), session.Caller.Actor)),
            new Example("ambroise rights extend 3 --note \"archives are searched\" --tenant chu", frame.Say("before the deadline has passed", "avant que le délai soit passé")));
    }

    public static Command Answered(CommandFrame frame)
    {
        var (tenant, number, note) = (TenantArgument.MakeOption(frame), Number(frame), Note(frame, true));
        var outcome = new Argument<string>("OUTCOME") { Description = "granted, refused" };
        outcome.AcceptOnlyFromAmong("granted", "refused");
        return frame.Runs(new Command("answer", frame.Say("Writes down what the patient was answered", "Consigne ce qui a été répondu au patient")) { number, outcome, note, tenant },
            (session, parse) => Act(session, parse.GetRequiredValue(tenant), "answer", book => book.Answer(parse.GetValue(number), parse.GetRequiredValue(outcome) == "granted", parse.GetRequiredValue(note), session.Caller.Actor)),
            new Example("ambroise rights answer 3 granted --note \"copy sent, letter-77\" --tenant chu", frame.Say("the request is closed", "la demande est close")));
    }

    static Result<Answer> Act(Session session, string tenant, string step, Func<RightsBook, Result<RightsRequest>> act)
    {
        using var open = session.OpenTenant(tenant, Capability.RightsAnswer).OrThrow();
        if (act(open.Ledger.Rights(open.Id, open.Keys)).Failed(out var failure, out var request)) return failure;
        open.Record(Outcome.Done, null, 1, ("step", step), ("request", $"{request.Number}"), ("kind", $"{request.Kind}"), ("state", $"{request.State}"));
        return Answer.Sentence(request, request.State == RightsState.Open
            ? session.Say($"Request {request.Number} is to be answered by {request.Deadline:yyyy-MM-dd}.", $"La demande {request.Number} attend une réponse avant le {request.Deadline:yyyy-MM-dd}.")
            : session.Say($"Request {request.Number} is {(request.State == RightsState.Granted ? "granted" : "refused")}.", $"La demande {request.Number} est {(request.State == RightsState.Granted ? "satisfaite" : "refusée")}."));
    }

    public static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var person = new Option<long?>("--person") { HelpName = "ID", Description = frame.Say("One patient's", "D'un patient") };
        return frame.Runs(new Command("list", frame.Say("Lists the requests, the nearest deadline first", "Liste les demandes, le délai le plus proche d'abord")) { person, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.RightsAnswer).OrThrow();
                var all = open.Ledger.Rights(open.Id, open.Keys).Standing().Where(r => parse.GetValue(person) is not { } one || r.Person == one).ToList();
                open.Record(Outcome.Done, null, all.Select(r => r.Person).Distinct().Count(), ("step", "list"));
                return new Answer(all, console =>
                {
                    if (all.Count == 0) console.WriteLine(session.Say("No request.", "Aucune demande."));
                    if (all.Count == 0) return;
                    var table = new Table().Border(TableBorder.Simple).AddColumns("N°", session.Say("Asks for", "Demande"), "person_id", session.Say("Received", "Reçue"), session.Say("Deadline", "Délai"), session.Say("State", "État"), "");
                    foreach (var r in all)
                        table.AddRow(new Text($"{r.Number}"), new Text(RequestWords.Of(session, r.Kind)), new Text($"{r.Person}"), new Text($"{r.Received:yyyy-MM-dd}"), new Text($"{r.Deadline:yyyy-MM-dd}"), new Text(RequestWords.Of(session, r.State)), new Text(r.Late ? session.Say("late", "en retard") : ""));
                    console.Write(table);
                });
            },
            new Example("ambroise rights list --tenant chu", frame.Say("with what is late", "avec ce qui est en retard")));
    }
}
