using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Sources;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise source</c>: what may enter the warehouse, and who decided so.</summary>
static class DeclareSources
{
    static Argument<string> Name(CommandFrame frame) => new("SOURCE") { Description = frame.Say("Its name: a-z, 0-9 and '-'", "Son nom : a-z, 0-9 et « - »") };

    /// <summary>What a load names.</summary>
    public static Option<string?> Option(CommandFrame frame) => new("--source") { HelpName = "NAME", Description = frame.Say("The declared source this comes from; needed once the tenant declares any", "La source déclarée d'où cela vient ; nécessaire dès que l'établissement en déclare") };

    /// <returns>Null where a load may take from it; else why not, written to the audit.</returns>
    public static Failure? Refuses(OpenTenant open, string? source)
    {
        if (open.Ledger.Sources(open.Id, open.Keys).Refuses(source) is { } refused)
        {
            open.Record(Outcome.Denied, null, null, ("because", refused.Code));
            return refused;
        }
        if (source is not null) open.Record(Outcome.Allowed, null, null, ("source", source));
        return null;
    }

    public static Command Declare(CommandFrame frame)
    {
        var (name, tenant) = (Name(frame), TenantArgument.MakeOption(frame));
        var origin = new Option<string>("--origin") { Required = true, HelpName = "TEXT", Description = frame.Say("The software or register it comes from, and whose it is", "Le logiciel ou registre d'où elle vient, et à qui il est") };
        var why = new Option<string>("--justification") { Required = true, HelpName = "TEXT", Description = frame.Say("What research needs it for", "Ce pour quoi la recherche en a besoin") };
        return frame.Runs(new Command("declare", frame.Say("Declares a source; loads wait for the governing body's decision", "Déclare une source ; les chargements attendent la décision de l'instance")) { name, origin, why, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.SourceDeclare).OrThrow();
                if (open.Ledger.Sources(open.Id, open.Keys).Declare(parse.GetRequiredValue(name), parse.GetRequiredValue(origin), parse.GetRequiredValue(why), session.Caller.Actor).Failed(out var failure, out var entry)) return failure;
                return Told(session, open, entry);
            },
            new Example("ambroise source declare biology --origin \"Laboratory system, CHU\" --justification \"results for every study\" --tenant chu", frame.Say("by a data engineer; from now on every load names its source", "par un ingénieur de données ; désormais tout chargement nomme sa source")));
    }

    public static Command Decide(CommandFrame frame)
    {
        var (name, tenant) = (Name(frame), TenantArgument.MakeOption(frame));
        var decision = new Argument<string>("DECISION") { Description = "accept, refuse" };
        decision.AcceptOnlyFromAmong("accept", "refuse");
        var reference = new Option<string>("--reference") { Required = true, HelpName = "TEXT", Description = frame.Say("Where the governing body's decision is written down", "Où la décision de l'instance est consignée") };
        var on = new Option<DateOnly?>("--on") { HelpName = "DATE", Description = frame.Say("The day it was decided (else today)", "Le jour de la décision (sinon aujourd'hui)") };
        return frame.Runs(new Command("decide", frame.Say("Records the governing body's decision on a source", "Consigne la décision de l'instance sur une source")) { name, decision, reference, on, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.SourceDecide).OrThrow();
                var day = parse.GetValue(on) ?? DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime);
                if (open.Ledger.Sources(open.Id, open.Keys).Decide(parse.GetRequiredValue(name), parse.GetRequiredValue(decision) == "accept", parse.GetRequiredValue(reference), day, session.Caller.Actor).Failed(out var failure, out var entry)) return failure;
                return Told(session, open, entry);
            },
            new Example("ambroise source decide biology accept --reference \"minutes of 12 March\" --tenant chu --as paul", frame.Say("by an administrator other than who declared it", "par un administrateur autre que le déclarant")));
    }

    static Answer Told(Session session, OpenTenant open, SourceEntry entry)
    {
        open.Record(Outcome.Done, null, null, ("source", entry.Source), ("entry", $"{entry.Number}"), ("state", $"{entry.Decision ?? SourceState.Declared}"));
        var shown = open.Ledger.Sources(open.Id, open.Keys).Standing().First(s => s.Source == entry.Source);
        return Answer.Sentence(shown, session.Say($"Source {shown.Source} is {Word(session, shown.State)}.", $"La source {shown.Source} est {Word(session, shown.State)}."));
    }

    static string Word(Session session, SourceState state) => state switch
    {
        SourceState.Accepted => session.Say("accepted", "acceptée"),
        SourceState.Refused => session.Say("refused", "refusée"),
        _ => session.Say("declared", "déclarée"),
    };

    public static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("list", frame.Say("Lists the declared sources and what was decided", "Liste les sources déclarées et ce qui a été décidé")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.LakeDescribe).OrThrow();
                var all = open.Ledger.Sources(open.Id, open.Keys).Standing();
                return new Answer(all, console =>
                {
                    var table = new Table().Border(TableBorder.Simple).AddColumns("Source", session.Say("Origin", "Origine"), "Justification", session.Say("State", "État"), session.Say("Decision", "Décision"));
                    foreach (var s in all) table.AddRow(new Text(s.Source), new Text(s.Origin), new Text(s.Justification), new Text(Word(session, s.State)), new Text($"{s.Reference} {s.DecidedOn:yyyy-MM-dd}"));
                    console.Write(table);
                });
            },
            new Example("ambroise source list --tenant chu", frame.Say("with the reference and day of each decision", "avec la référence et le jour de chaque décision")));
    }
}
