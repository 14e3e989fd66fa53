using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Vault;

namespace Ambroise.Governance.SignIn;

/// <summary>What a person proves who they are with, in one tenant; kept sealed.</summary>
/// <param name="Enrolment">Another for each time the person is invited: a session of an earlier one is none.</param>
/// <param name="Invitation">SHA-256 of the code that lets the person choose a password; null once it was used.</param>
/// <param name="Password">Null until the person chose one.</param>
/// <param name="Secret">Of the time codes.</param>
/// <param name="Confirmed">The person has shown a code of it: only then does it count.</param>
/// <param name="LastStep">The step of the last code taken: none of it or before is taken again.</param>
/// <param name="Failures">In a row.</param>
/// <param name="Recovery">SHA-256 of each recovery code not yet used.</param>
sealed record Factors(string Enrolment, string InvitedBy, DateTimeOffset Invited, string? Invitation, PasswordHash? Password = null, byte[]? Secret = null, bool Confirmed = false, long LastStep = 0, int Failures = 0,
    DateTimeOffset? LockedUntil = null, ImmutableArray<string> Recovery = default)
{
    public ImmutableArray<string> Recovery { get; init; } = Recovery.IsDefault ? [] : Recovery;

    static readonly TimeSpan InvitationHolds = TimeSpan.FromDays(3), FirstWait = TimeSpan.FromSeconds(30), LongestWait = TimeSpan.FromHours(1);
    const int FreeFailures = 2, RecoveryCodes = 10, CodeBytes = 10;

    /// <summary>80 bits, 16 characters in groups of four.</summary>
    public static string NewCode() => string.Join('-', TimeCode.ToBase32(RandomNumberGenerator.GetBytes(CodeBytes)).Chunk(4).Select(c => new string(c)));

    public static string Hash(string code) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(code.Replace("-", "", StringComparison.Ordinal).Trim().ToUpperInvariant())));

    public static (Factors Factors, string Code) Invite(string by, DateTimeOffset now)
    {
        var code = NewCode();
        return (new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), by, now, Hash(code)), code);
    }

    public bool IsInvited(string code, DateTimeOffset now) => Invitation is not null && now < Invited + InvitationHolds && Same(Invitation, Hash(code));

    public bool IsLocked(DateTimeOffset now) => now < LockedUntil;

    /// <summary>After two failures each one makes the next attempt wait, twice as long every time.</summary>
    public Factors Failed(DateTimeOffset now)
    {
        var wait = Failures < FreeFailures ? TimeSpan.Zero : FirstWait * Math.Pow(2, Math.Min(Failures - FreeFailures, 20));
        return this with { Failures = Failures + 1, LockedUntil = wait == TimeSpan.Zero ? null : now + (wait < LongestWait ? wait : LongestWait) };
    }

    public Factors Joined(PasswordHash password) => this with { Invitation = null, Password = password, Secret = RandomNumberGenerator.GetBytes(TimeCode.SecretBytes), Failures = 0, LockedUntil = null };

    public (Factors Factors, ImmutableArray<string> Codes) ConfirmedBy(long step)
    {
        ImmutableArray<string> codes = [.. Enumerable.Range(0, RecoveryCodes).Select(_ => NewCode())];
        return (this with { Confirmed = true, LastStep = step, Failures = 0, LockedUntil = null, Recovery = [.. codes.Select(Hash)] }, codes);
    }

    /// <returns>What is left once a time code of a later step than the last, or a recovery code, was taken; null where it is neither.</returns>
    public Factors? Taking(string code, DateTimeOffset now)
    {
        var clean = this with { Failures = 0, LockedUntil = null };
        if (TimeCode.Step(Secret, code.Trim(), now) is { } step) return step > LastStep ? clean with { LastStep = step } : null;
        var hash = Hash(code);
        var kept = Recovery.Where(r => !Same(r, hash)).ToImmutableArray();
        return kept.Length < Recovery.Length ? clean with { Recovery = kept } : null;
    }

    static bool Same(string hash, string other) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(hash), Encoding.UTF8.GetBytes(other));
}
