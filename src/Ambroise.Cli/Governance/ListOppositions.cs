using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise opposition list</c>: the register, or one patient's part of it with all that was written down.</summary>
static class ListOppositions
{
    sealed record Shown(long Number, long Person, string Reach, bool Withdraws, bool InForce, string Channel, DateOnly Received, string Proof, DateTimeOffset Recorded, string By);

    public static Command Command(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var person = new Option<long?>("--person") { HelpName = "ID", Description = frame.Say("One patient, past entries too", "Un patient, entrées passées comprises") };
        return frame.Runs(new Command("list", frame.Say("Lists who objects to what", "Liste qui s'oppose à quoi")) { tenant, person },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.OppositionRead).OrThrow();
                var register = open.Ledger.Oppositions(open.Id, open.Keys);
                var inForce = register.InForce();
                var held = inForce.Select(o => o.Number).ToHashSet();
                var all = (parse.GetValue(person) is { } one ? register.List().Where(o => o.Person == one) : inForce)
                    .Select(o => new Shown(o.Number, o.Person, o.Reach.ToString(), o.Withdraws, held.Contains(o.Number), o.Channel.ToString(), o.Received, o.Proof, o.Recorded, o.By)).ToList();
                open.Record(Outcome.Done, null, all.Select(o => o.Person).Distinct().Count());
                return new Answer(all, console =>
                {
                    if (all.Count == 0) console.WriteLine(session.Say("No opposition.", "Aucune opposition."));
                    if (all.Count == 0) return;
                    var table = new Table().Border(TableBorder.Simple).AddColumns("N°", "person_id", session.Say("Reach", "Portée"), "", session.Say("Channel", "Voie"), session.Say("Received", "Reçue"), session.Say("Proof", "Preuve"), session.Say("By", "Par"));
                    foreach (var o in all)
                        table.AddRow(new Text($"{o.Number}"), new Text($"{o.Person}"), new Text(o.Reach), new Text(o.InForce ? "●" : o.Withdraws ? session.Say("withdrawn", "levée") : ""), new Text(o.Channel),
                            new Text(o.Received.ToString("yyyy-MM-dd", null)), new Text(o.Proof), new Text(o.By));
                    console.Write(table);
                });
            },
            new Example("ambroise opposition list --tenant chu", frame.Say("those in force", "celles en vigueur")),
            new Example("ambroise opposition list --tenant chu --person 1042", frame.Say("all that was written down about one patient", "tout ce qui a été noté pour un patient")));
    }
}
