using System.Data.Common;
using System.Globalization;
using Ambroise.Governance.Control;

namespace Ambroise.Governance.Access;

/// <param name="Until">The first instant it no longer holds; null without end.</param>
/// <param name="Reviewed">When it was last found to be still needed; null where it never was.</param>
public sealed record Grant(string Actor, Role Role, DateTimeOffset From, DateTimeOffset? Until, string GrantedBy, DateTimeOffset? Reviewed = null)
{
    /// <summary>The first instant at which it lapses for want of a review: a year after it began or was last confirmed (CNIL EDS, SEC-HAB-3: accesses are reviewed yearly).</summary>
    public DateTimeOffset ReviewBy => (Reviewed > From ? Reviewed.Value : From).AddYears(1);

    /// <summary>It has begun and not ended.</summary>
    public bool IsPresent(DateTimeOffset now) => From <= now && (Until is null || now < Until);

    /// <summary>It gives its rights: present, and reviewed in time.</summary>
    public bool Holds(DateTimeOffset now) => IsPresent(now) && now < ReviewBy;
}

/// <summary>Who has which role in a tenant, and from when to when. A role that was revoked is gone from the next question on.</summary>
public sealed class Grants
{
    readonly DbConnection connection;
    readonly Lock gate;
    readonly TimeProvider clock;
    readonly string tenant;

    internal Grants(DbConnection connection, Lock gate, TimeProvider clock, string tenant) => (this.connection, this.gate, this.clock, this.tenant) = (connection, gate, clock, tenant);

    /// <returns>All grants, past ones too, oldest first.</returns>
    public IReadOnlyList<Grant> List()
    {
        lock (gate)
        {
            var reviewed = connection.Query(static r => (Actor: r.GetString(0), Role: r.GetString(1), At: Instant(r.GetString(2))), "select actor, role, max(at) from grant_review where tenant = @tenant group by actor, role", ("@tenant", tenant))
                .ToDictionary(r => (r.Actor, r.Role), r => r.At);
            return [.. connection.Query(Read, "select actor, role, from_instant, until_instant, granted_by from role_grant where tenant = @tenant order by from_instant, actor, role", ("@tenant", tenant))
                .Select(g => reviewed.TryGetValue((g.Actor, Names.Of(g.Role)), out var at) ? g with { Reviewed = at } : g)];
        }
    }

    /// <param name="unreviewed">Also those that lapsed for want of a review: an administrator's may still review, else a tenant could be left with nobody.</param>
    /// <returns>The roles that hold now. A tenant of before there were roles belongs to whoever opens it.</returns>
    public IReadOnlyList<Role> Of(string actor, bool unreviewed = false)
    {
        var all = List();
        var now = clock.GetUtcNow();
        return all.Count == 0 ? [Role.Administrator, Role.DataEngineer]
            : [.. all.Where(g => g.Actor == actor && (unreviewed ? g.IsPresent(now) : g.Holds(now))).Select(g => g.Role).Distinct()];
    }

    /// <returns>Who may confirm someone's roles: another administrator, or themselves where there is no other.</returns>
    public IReadOnlyList<string> Reviewers(string actor)
    {
        var now = clock.GetUtcNow();
        var administrators = List().Where(g => g.Role == Role.Administrator && g.IsPresent(now)).Select(g => g.Actor).Distinct().Order(StringComparer.Ordinal).ToList();
        return administrators.Exists(a => a != actor) ? [.. administrators.Where(a => a != actor)] : administrators;
    }

    /// <summary>Finds that someone still needs a role: it holds for another year, also where it had lapsed.</summary>
    /// <returns>The grant; or <c>role.not-held</c>, <c>role.own-review</c>.</returns>
    public Result<Grant> Confirm(string actor, Role role, string by)
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            if (!List().Any(g => g.Actor == actor && g.Role == role && g.IsPresent(now))) return new Failure(FailureKind.NotFound, "role.not-held", $"'{actor}' does not have the role {Names.Of(role)}.");
            if (!Reviewers(actor).Contains(by)) return new Failure(FailureKind.Forbidden, "role.own-review", $"The roles of '{actor}' are confirmed by {string.Join(" or ", Reviewers(actor))}.");
            connection.Execute("insert into grant_review (tenant, actor, role, at, reviewed_by) values (@tenant, @actor, @role, @at, @by) on conflict do nothing", null,
                ("@tenant", tenant), ("@actor", actor), ("@role", Names.Of(role)), ("@at", Text(now)), ("@by", by));
            return List().Last(g => g.Actor == actor && g.Role == role && g.IsPresent(now));
        }
    }

    /// <returns>The grant, or <c>role.actor-invalid</c>, <c>role.dates-invalid</c>, <c>role.given-already</c> where one begins at the very same instant.</returns>
    public Result<Grant> Add(string actor, Role role, string by, DateTimeOffset? from = null, DateTimeOffset? until = null)
    {
        if (!IsActor(actor)) return new Failure(FailureKind.Invalid, "role.actor-invalid", "A person is named by 1 to 100 letters, digits and . _ - @ +.");
        var grant = new Grant(actor, role, from ?? clock.GetUtcNow(), until, by);
        if (grant.Until <= grant.From) return new Failure(FailureKind.Invalid, "role.dates-invalid", "A role ends after it begins.");
        lock (gate)
        {
            // One that was revoked before it began never held: it may be given again.
            if (List().Any(g => (g.Actor, g.Role, g.From) == (actor, role, grant.From) && !(g.Until <= g.From)))
                return new Failure(FailureKind.Conflict, "role.given-already", $"'{actor}' was given the role {Names.Of(role)} from {grant.From:yyyy-MM-dd HH:mm} on already: name another first day.");
            connection.Execute("insert into role_grant (tenant, actor, role, from_instant, until_instant, granted_by) values (@tenant, @actor, @role, @from, @until, @by) on conflict (tenant, actor, role, from_instant) do update set until_instant = excluded.until_instant, granted_by = excluded.granted_by", null,
                ("@tenant", tenant), ("@actor", actor), ("@role", Names.Of(role)), ("@from", Text(grant.From)), ("@until", until is { } end ? Text(end) : ""), ("@by", by));
        }
        return grant;
    }

    /// <summary>Ends a role at once.</summary>
    /// <returns>How many grants ended; or <c>role.last-administrator</c>, for a tenant must keep someone who can give roles.</returns>
    public Result<int> Revoke(string actor, Role role)
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            var present = List().Where(g => g.IsPresent(now)).ToList();
            if (role == Role.Administrator && present.Any(g => g.Actor == actor && g.Role == role) && !present.Any(g => g.Actor != actor && g.Role == role))
                return new Failure(FailureKind.Conflict, "role.last-administrator", "This is the last administrator: name another first.");
            return connection.Execute("update role_grant set until_instant = @now where tenant = @tenant and actor = @actor and role = @role and (until_instant = '' or until_instant > @now)", null,
                ("@now", Text(now)), ("@tenant", tenant), ("@actor", actor), ("@role", Names.Of(role)));
        }
    }

    public static bool IsActor(string actor) => actor.Length is >= 1 and <= 100 && actor.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '@' or '+');

    static Grant Read(DbDataReader row) => new(row.GetString(0), Names.Role(row.GetString(1)) ?? throw new InvalidDataException("role"), Instant(row.GetString(2)),
        row.GetString(3) is { Length: > 0 } until ? Instant(until) : null, row.GetString(4));

    // Of one length, so that text compares as instants do.
    static string Text(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}

/// <summary>Roles and capabilities as they are written: <c>data-engineer</c>, <c>cohort.exact</c>.</summary>
public static class Names
{
    public static string Of(Role role) => Split(role.ToString(), '-');

    public static string Of(Capability capability) => Split(capability.ToString(), '.');

    public static Role? Role(string text) => Enum.GetValues<Role>().Where(r => Of(r) == text).Select(r => (Role?)r).FirstOrDefault();

    /// <summary>Words of a name, in lower case: the first boundary by <paramref name="by"/>, the others by a hyphen.</summary>
    static string Split(string name, char by)
    {
        var words = string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? " " + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString())).Split(' ', 2);
        return words.Length == 1 ? words[0] : words[0] + by + words[1].Replace(' ', '-');
    }
}
