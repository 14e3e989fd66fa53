using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise role review</c> and <c>confirm</c>: once a year, is each role still needed?</summary>
static class ReviewRoles
{
    /// <param name="LastUse">The last act that the role let its holder do, as far as the audit goes back; null for none.</param>
    /// <param name="Reviewers">Who may confirm it.</param>
    sealed record Shown(string Actor, string Role, DateTimeOffset From, string GrantedBy, DateTimeOffset? LastUse, DateTimeOffset? Reviewed, DateTimeOffset ReviewBy, bool Lapsed, IReadOnlyList<string> Reviewers)
    {
        public static Shown Of(Grant g, Grants grants, IReadOnlyList<AuditEntry> acts, DateTimeOffset now) =>
            new(g.Actor, Names.Of(g.Role), g.From, g.GrantedBy, LastUseOf(g, acts), g.Reviewed, g.ReviewBy, !g.Holds(now), grants.Reviewers(g.Actor));

        /// <param name="acts">From the newest.</param>
        static DateTimeOffset? LastUseOf(Grant grant, IReadOnlyList<AuditEntry> acts)
        {
            var able = Enum.GetValues<Capability>().Where(c => Rights.Allow(grant.Role, c)).Select(Names.Of).ToHashSet();
            foreach (var act in acts)
                if (act.Actor == grant.Actor && act.Outcome != Outcome.Denied && able.Contains(act.Action)) return act.At;
            return null;
        }
    }

    public static Command Review(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("review", frame.Say("Lists each role with its last use, when it lapses, and who may confirm it", "Liste chaque rôle, son dernier usage, sa date de péremption, et qui peut le confirmer")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.RolesReview).OrThrow();
                var now = session.Clock.GetUtcNow();
                var (grants, acts) = (open.Ledger.Grants(open.Id), open.Ledger.Audit(open.Id).List(int.MaxValue));
                var shown = grants.List().Where(g => g.IsPresent(now)).OrderBy(g => g.ReviewBy).Select(g => Shown.Of(g, grants, acts, now)).ToList();
                open.Record(Outcome.Done, null, null, ("grants", $"{shown.Count}"), ("lapsed", $"{shown.Count(s => s.Lapsed)}"));
                return new Answer(shown, console =>
                {
                    var table = new Table().Border(TableBorder.Simple).AddColumns(session.Say("Person", "Personne"), session.Say("Role", "Rôle"), session.Say("Last use", "Dernier usage"), session.Say("Confirmed", "Confirmé"),
                        session.Say("Lapses", "Caduc le"), session.Say("To be confirmed by", "À confirmer par"), "");
                    foreach (var s in shown)
                        table.AddRow(new Text(s.Actor), new Text(s.Role), new Text(Day(s.LastUse)), new Text(Day(s.Reviewed)), new Text(Day(s.ReviewBy)), new Text(string.Join(", ", s.Reviewers)), new Text(s.Lapsed ? session.Say("lapsed", "caduc") : ""));
                    console.Write(table);
                });
            },
            new Example("ambroise role review --tenant chu", frame.Say("those that lapse first come first", "les premiers caducs d'abord")));
    }

    public static Command Confirm(CommandFrame frame)
    {
        var (person, role, tenant) = (ChangeRoles.Person(frame), ChangeRoles.RoleName(frame), TenantArgument.MakeOption(frame));
        return frame.Runs(new Command("confirm", frame.Say("Finds a role still needed: it holds for another year", "Constate qu'un rôle est encore nécessaire : il vaut une année de plus")) { person, role, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.RolesReview).OrThrow();
                var grants = open.Ledger.Grants(open.Id);
                if (grants.Confirm(parse.GetRequiredValue(person), Names.Role(parse.GetRequiredValue(role))!.Value, session.Caller.Actor).Failed(out var failure, out var grant))
                {
                    open.Record(Outcome.Denied, null, null, ("because", failure.Code));
                    return failure;
                }
                open.Record(Outcome.Done, null, null, ("confirmed", Names.Of(grant.Role)), ("of", grant.Actor), ("until", $"{grant.ReviewBy:O}"));
                return Answer.Sentence(Shown.Of(grant, grants, open.Ledger.Audit(open.Id).List(int.MaxValue), session.Clock.GetUtcNow()),
                    session.Say($"{grant.Actor} is {Names.Of(grant.Role)} until {Day(grant.ReviewBy)} unless confirmed again.", $"{grant.Actor} est {Names.Of(grant.Role)} jusqu'au {Day(grant.ReviewBy)}, sauf nouvelle confirmation."));
            },
            new Example("ambroise role confirm marie researcher --tenant chu", frame.Say("by an administrator other than marie", "par un autre administrateur que marie")));
    }

    static string Day(DateTimeOffset? instant) => instant?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
}
