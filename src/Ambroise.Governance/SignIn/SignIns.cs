using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ambroise.Governance.Control;
using Ambroise.Vault;
using Ambroise.Vault.Custody;

namespace Ambroise.Governance.SignIn;

/// <param name="State">invited, joined (a code is still to be shown) or enrolled.</param>
public sealed record EnrolledPerson(string Person, string State, string InvitedBy, DateTimeOffset Invited, int RecoveryCodesLeft, DateTimeOffset? LockedUntil);

/// <summary>Who proved who they are in a tenant, with a password and a code of a device: enrolment, signing in, and whose session holds. What it keeps is sealed under a key of the tenant, bound to tenant and person.</summary>
public sealed class SignIns
{
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(30), Longest = TimeSpan.FromHours(8);
    const int TokenBytes = 32;
    readonly BookPlace place;

    internal SignIns(BookPlace place) => this.place = place;

    internal sealed record Session(string Person, string Enrolment, DateTimeOffset Started, DateTimeOffset LastUsed);

    /// <summary>Asks a person to enrol, or to enrol anew: what they had before counts no longer, and their sessions end.</summary>
    /// <returns>The code that lets them, told to nobody else; or <c>role.actor-invalid</c>.</returns>
    public Result<string> Invite(string person, string by)
    {
        if (!Access.Grants.IsActor(person)) return new Failure(FailureKind.Invalid, "role.actor-invalid", "A person is named by 1 to 100 letters, digits and . _ - @ +.");
        var invited = Change<string>(person, (_, now) => Factors.Invite(by, now) is var (factors, code) ? (factors, code) : default);
        End(person);
        return invited;
    }

    /// <summary>The person chooses a password.</summary>
    /// <returns>What their authenticator takes, shown once; or <c>sign-in.refused</c>, <c>sign-in.locked</c>.</returns>
    public Result<string> Join(string person, string invitation, Passphrase password) => Change<string>(person, (factors, now) =>
    {
        if (factors is null) return (null, Refused);
        if (factors.IsLocked(now)) return (factors, Locked(factors));
        if (!factors.IsInvited(invitation, now)) return (factors.Failed(now), Refused);
        var joined = factors.Joined(PasswordHash.Of(password));
        return (joined, TimeCode.Uri(joined.Secret, place.Tenant, person));
    });

    /// <summary>The person shows a code of the device: from now on they can sign in.</summary>
    /// <returns>Recovery codes, each good for one signing in, shown once; or <c>sign-in.refused</c>, <c>sign-in.locked</c>.</returns>
    public Result<ImmutableArray<string>> Confirm(string person, string code) => Change<ImmutableArray<string>>(person, (factors, now) =>
    {
        if (factors is not { Secret: { } secret, Confirmed: false }) return (factors, Refused);
        if (factors.IsLocked(now)) return (factors, Locked(factors));
        if (TimeCode.Step(secret, code.Trim(), now) is not { } step) return (factors.Failed(now), Refused);
        var (confirmed, codes) = factors.ConfirmedBy(step);
        return (confirmed, codes);
    });

    /// <summary>Takes a password and a code, each wrong one as the other.</summary>
    /// <returns>A token that stands for the session; or <c>sign-in.refused</c>, <c>sign-in.locked</c>.</returns>
    public Result<string> Enter(string person, Passphrase password, string code)
    {
        string? enrolment = null;
        var entered = Change<bool>(person, (factors, now) =>
        {
            if (factors is not { Confirmed: true, Password: { } kept })
            {
                _ = PasswordHash.Of(password); // as slow as for someone who is enrolled
                return (factors, Refused);
            }
            if (factors.IsLocked(now)) return (factors, Locked(factors));
            var (isPassword, next) = (kept.IsOf(password), factors.Taking(code, now));
            if (!isPassword || next is null) return (factors.Failed(now), Refused);
            enrolment = next.Enrolment;
            return (next, true);
        });
        if (entered.Failed(out var failure, out _)) return failure;
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));
        var at = place.Clock.GetUtcNow();
        lock (place.Gate)
        {
            // One session for each person.
            End(person);
            Write("sign_in", "session", Hash(token), new Session(person, enrolment!, at, at), null);
        }
        return token;
    }

    /// <returns>Null where the token stands for a session of the person that holds, which counts as used now; else <c>access.not-signed-in</c>.</returns>
    public Failure? Verify(string person, string? token)
    {
        lock (place.Gate)
        {
            var now = place.Clock.GetUtcNow();
            if (token is null || Read<Session>("sign_in", "session", Hash(token)) is not { } session || Read<Factors>("person_factor", "person", person) is not { Confirmed: true } factors
                // Another for each person, and each time one is invited.
                || factors.Enrolment != session.Enrolment || now - session.Started >= Longest || now - session.LastUsed >= Idle || now < session.LastUsed)
                return new(FailureKind.Forbidden, "access.not-signed-in", $"Tenant '{place.Tenant}' asks for two factors, and '{person}' is not signed in: 'ambroise sign-in --tenant {place.Tenant} --as {person}'.");
            Write("sign_in", "session", Hash(token), session with { LastUsed = now }, null);
            return null;
        }
    }

    /// <summary>Ends every session of a person.</summary>
    /// <returns>How many there were.</returns>
    public int End(string person)
    {
        lock (place.Gate)
        {
            var theirs = place.Connection.Query(static r => r.GetString(0), "select session from sign_in where tenant = @tenant", ("@tenant", place.Tenant)).Where(s => Read<Session>("sign_in", "session", s)!.Person == person).ToList();
            foreach (var session in theirs) Delete("sign_in", "session", session);
            return theirs.Count;
        }
    }

    /// <summary>Ends a session, for whoever holds its token: no key is needed.</summary>
    internal static bool Leave(DbConnection connection, string tenant, string token) =>
        connection.Execute("delete from sign_in where tenant = @tenant and session = @session", null, ("@tenant", tenant), ("@session", Hash(token))) > 0;

    /// <summary>Forgets what a person proves who they are with: they sign in no more.</summary>
    /// <returns>False where there was nothing.</returns>
    public bool Withdraw(string person)
    {
        End(person);
        lock (place.Gate) return Delete("person_factor", "person", person) > 0;
    }

    public IReadOnlyList<EnrolledPerson> List()
    {
        lock (place.Gate)
            return [.. place.Connection.Query(static r => r.GetString(0), "select person from person_factor where tenant = @tenant order by person", ("@tenant", place.Tenant)).Select(p => (Name: p, Factors: Read<Factors>("person_factor", "person", p)!))
                .Select(p => new EnrolledPerson(p.Name, p.Factors.Confirmed ? "enrolled" : p.Factors.Secret is null ? "invited" : "joined", p.Factors.InvitedBy, p.Factors.Invited, p.Factors.Recovery.Length, p.Factors.LockedUntil))];
    }

    static Failure Refused => new(FailureKind.Forbidden, "sign-in.refused", "The password or the code is not right, the code was used before, or nobody of this name is enrolled.");

    static Failure Locked(Factors factors) =>
        new(FailureKind.Forbidden, "sign-in.locked", string.Create(CultureInfo.InvariantCulture, $"Too many failed attempts: nothing is looked at before {factors.LockedUntil:yyyy-MM-dd HH:mm:ss} UTC."));

    /// <summary>Reads a person's factors and writes what follows from them; nobody else writes in between, so no code serves twice.</summary>
    Result<T> Change<T>(string person, Func<Factors?, DateTimeOffset, (Factors? Next, Result<T> Answer)> step)
    {
        lock (place.Gate)
        {
            _ = Key; // made before the transaction: it is a file of its own
            using var transaction = Database.BeginWrite(place.Connection);
            var factors = Read<Factors>("person_factor", "person", person, transaction);
            var (next, answer) = step(factors, place.Clock.GetUtcNow());
            if (next is not null && next != factors) Write("person_factor", "person", person, next, transaction);
            transaction.Commit();
            return answer;
        }
    }

    ReadOnlyMemory<byte> Key => place.Keys.GetOrCreate("sign-in", "seal");

    static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    byte[] Context(string table, string name) => Encoding.UTF8.GetBytes($"ambroise {table}\n{place.Tenant}\n{name}");

    /// <exception cref="FailureException"><c>sign-in.tampered</c>.</exception>
    T? Read<T>(string table, string column, string name, DbTransaction? transaction = null) where T : class
    {
        if (place.Connection.Query(static r => r.GetString(0), $"select sealed from {table} where tenant = @tenant and {column} = @name", transaction, ("@tenant", place.Tenant), ("@name", name)) is not [var text]) return null;
        var message = new byte[text.Length];
        return Convert.TryFromBase64String(text, message, out var length) && Sealed.Open(Key.Span, message.AsSpan(0, length), Context(table, name)) is { } content
            ? JsonSerializer.Deserialize(content, KeptJson.Of<T>())
            : throw new Failure(FailureKind.Tampered, "sign-in.tampered", "What a person signs in with was altered, or is another person's: withdraw and enrol them anew, and ask who did it.").AsException();
    }

    void Write<T>(string table, string column, string name, T value, DbTransaction? transaction) =>
        place.Connection.Execute($"insert into {table} (tenant, {column}, sealed) values (@tenant, @name, @sealed) on conflict (tenant, {column}) do update set sealed = excluded.sealed", transaction,
            ("@tenant", place.Tenant), ("@name", name), ("@sealed", Convert.ToBase64String(Sealed.Seal(Key.Span, JsonSerializer.SerializeToUtf8Bytes(value, KeptJson.Of<T>()), Context(table, name)))));

    int Delete(string table, string column, string name) =>
        place.Connection.Execute($"delete from {table} where tenant = @tenant and {column} = @name", null, ("@tenant", place.Tenant), ("@name", name));
}
