using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise role</c>: who is what in a tenant, and from when to when.</summary>
static class ChangeRoles
{
    sealed record Shown(string Actor, string Role, DateTimeOffset From, DateTimeOffset? Until, string GrantedBy, bool Holds)
    {
        public static Shown Of(Grant grant, DateTimeOffset now) => new(grant.Actor, Names.Of(grant.Role), grant.From, grant.Until, grant.GrantedBy, grant.Holds(now));
    }

    internal static Argument<string> Person(CommandFrame frame) => new("NAME") { Description = frame.Say("The person, as --as names them", "La personne, telle que --as la nomme") };

    internal static Argument<string> RoleName(CommandFrame frame)
    {
        var role = new Argument<string>("ROLE") { Description = string.Join(", ", Enum.GetValues<Role>().Select(Names.Of)) };
        role.HelpName = "ROLE";
        role.AcceptOnlyFromAmong([.. Enum.GetValues<Role>().Select(Names.Of)]);
        return role;
    }

    public static Command Grant(CommandFrame frame)
    {
        var (person, role, tenant) = (Person(frame), RoleName(frame), TenantArgument.MakeOption(frame));
        var from = new Option<DateOnly?>("--from") { HelpName = "DATE", Description = frame.Say("First day (else now)", "Premier jour (sinon maintenant)") };
        var until = new Option<DateOnly?>("--until") { HelpName = "DATE", Description = frame.Say("Last day, included (else without end)", "Dernier jour, inclus (sinon sans fin)") };
        return frame.Runs(new Command("grant", frame.Say("Gives someone a role", "Donne un rôle à quelqu'un")) { person, role, tenant, from, until },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.RolesChange).OrThrow();
                var given = Names.Role(parse.GetRequiredValue(role))!.Value;
                if (open.Ledger.Grants(open.Id).Add(parse.GetRequiredValue(person), given, session.Caller.Actor, Start(parse.GetValue(from)), Start(parse.GetValue(until)?.AddDays(1))).Failed(out var failure, out var grant)) return failure;
                open.Record(Outcome.Done, null, null, ("granted", Names.Of(grant.Role)), ("to", grant.Actor));
                var shown = Shown.Of(grant, session.Clock.GetUtcNow());
                return Answer.Sentence(shown, shown.From <= session.Clock.GetUtcNow() && shown.Until is null ? session.Say($"{shown.Actor} is {shown.Role}.", $"{shown.Actor} est {shown.Role}.") : Between(session, shown));
            },
            new Example("ambroise role grant marie researcher --tenant chu", frame.Say("from now on", "dès maintenant")),
            new Example("ambroise role grant paul data-engineer --tenant chu --until 2027-06-30", frame.Say("for a time", "pour un temps")));
    }

    static string Between(Session session, Shown grant)
    {
        var until = grant.Until is { } end ? session.Say($" until {LastDay(end)}", $" jusqu'au {LastDay(end)}") : "";
        var held = grant.Holds ? "" : session.Say(": not today", " : pas aujourd'hui");
        return session.Say($"{grant.Actor} is {grant.Role} from {Day(grant.From)}{until}{held}.", $"{grant.Actor} est {grant.Role} du {Day(grant.From)}{until}{held}.");
    }

    public static Command Revoke(CommandFrame frame)
    {
        var (person, role, tenant) = (Person(frame), RoleName(frame), TenantArgument.MakeOption(frame));
        return frame.Runs(new Command("revoke", frame.Say("Ends a role at once", "Met fin à un rôle sur-le-champ")) { person, role, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.RolesChange).OrThrow();
                var (actor, ended) = (parse.GetRequiredValue(person), Names.Role(parse.GetRequiredValue(role))!.Value);
                if (open.Ledger.Grants(open.Id).Revoke(actor, ended).Failed(out var failure, out var count)) return failure;
                if (count == 0) return new Failure(FailureKind.NotFound, "role.not-held", $"'{actor}' does not have the role {Names.Of(ended)}.");
                open.SignIns.End(actor);
                open.Record(Outcome.Done, null, null, ("revoked", Names.Of(ended)), ("from", actor));
                return Answer.Sentence(new { actor, role = Names.Of(ended) }, session.Say($"{actor} is no longer {Names.Of(ended)}.", $"{actor} n'est plus {Names.Of(ended)}."));
            },
            new Example("ambroise role revoke marie researcher --tenant chu", frame.Say("in force at the next command", "en vigueur dès la commande suivante")));
    }

    public static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("list", frame.Say("Lists who has which role", "Liste qui a quel rôle")) { tenant },
            (session, parse) =>
            {
                // No key is needed: who may do what is no patient's data.
                if (session.FindTenant(parse.GetRequiredValue(tenant)).Failed(out var failure, out var found)) return failure;
                var now = session.Clock.GetUtcNow();
                var grants = session.ControlPlane.Grants(found.Id).List().Select(g => Shown.Of(g, now)).ToList();
                return new Answer(grants, console =>
                {
                    var table = new Table().Border(TableBorder.Simple).AddColumns(session.Say("Person", "Personne"), session.Say("Role", "Rôle"), session.Say("From", "Depuis"), session.Say("Until", "Jusqu'à"), session.Say("Given by", "Donné par"), "");
                    foreach (var g in grants)
                        table.AddRow(new Text(g.Actor), new Text(g.Role), new Text(Day(g.From)), new Text(g.Until is { } until ? LastDay(until) : ""), new Text(g.GrantedBy), new Text(g.Holds ? "●" : ""));
                    console.Write(table);
                });
            },
            new Example("ambroise role list --tenant chu", frame.Say("present and past", "présents et passés")));
    }

    static DateTimeOffset? Start(DateOnly? day) => day is { } d ? new DateTimeOffset(d.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : null;

    /// <returns>A role that was given to the end of a day ends with that day; one that was revoked, at that minute.</returns>
    static string LastDay(DateTimeOffset until) => until.TimeOfDay == TimeSpan.Zero ? until.AddDays(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : Day(until);

    static string Day(DateTimeOffset instant) => instant.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
