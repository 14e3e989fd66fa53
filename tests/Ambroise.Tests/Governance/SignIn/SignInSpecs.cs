using Ambroise.Governance.SignIn;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance.SignIn;

/// <summary>Two factors: something known and something held, each of them needed every time.</summary>
public abstract class SignInSpecs(string? server) : BookHouse(server)
{
    const string Known = "un mot de passe";

    SignIns SignIns => Plane.SignIns(Chu, Keys);

    static Passphrase Password(string text = Known) => new(text);

    /// <summary>What a device would show, from the address it was given.</summary>
    string Shows(string uri, int stepsLater = 0) => TimeCode.Of(FromBase32(uri.Split("secret=")[1].Split('&')[0]), TimeCode.StepAt(Clock.GetUtcNow()) + stepsLater);

    static byte[] FromBase32(string text)
    {
        var bits = string.Concat(text.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(8 * i, 8), 2))];
    }

    /// <returns>What marie's device was given, and her recovery codes.</returns>
    (string Uri, IReadOnlyList<string> Recovery) Enrolled(string person = "marie")
    {
        var uri = SignIns.Join(person, SignIns.Invite(person, "ada").OrThrow(), Password()).OrThrow();
        var recovery = SignIns.Confirm(person, Shows(uri)).OrThrow();
        Later(TimeSpan.FromMinutes(2));
        return (uri, recovery);
    }

    [Fact]
    public void Both_factors_are_needed_and_a_code_serves_once()
    {
        var (uri, _) = Enrolled();
        var code = Shows(uri);
        Fails("sign-in.refused", SignIns.Enter("marie", Password("un autre mot"), code));
        Fails("sign-in.refused", SignIns.Enter("marie", Password(), code == "000000" ? "000001" : "000000"));
        Fails("sign-in.refused", SignIns.Enter("paul", Password(), code));
        Later(TimeSpan.FromMinutes(2));
        var token = SignIns.Enter("marie", Password(), Shows(uri)).OrThrow();
        Assert.Null(SignIns.Verify("marie", token));
        // Seen over a shoulder, the same code is worth nothing, nor is an earlier one that was never used.
        Fails("sign-in.refused", SignIns.Enter("marie", Password(), Shows(uri)));
        Fails("sign-in.refused", SignIns.Enter("marie", Password(), Shows(uri, -1)));
        // A later one is: and the earlier session ends with it.
        Later(TimeSpan.FromSeconds(30));
        var next = SignIns.Enter("marie", Password(), Shows(uri)).OrThrow();
        Assert.Equal("access.not-signed-in", SignIns.Verify("marie", token)?.Code);
        Assert.Null(SignIns.Verify("marie", next));
    }

    [Fact]
    public void A_session_is_the_person_s_own_and_ends_when_idle_after_eight_hours_and_when_left()
    {
        var (uri, _) = Enrolled();
        _ = Enrolled("paul");
        var token = SignIns.Enter("marie", Password(), Shows(uri)).OrThrow();
        Assert.Equal("access.not-signed-in", SignIns.Verify("paul", token)?.Code);
        foreach (var wrong in new[] { null, "", "x", token.ToUpperInvariant(), token[1..] }) Assert.Equal("access.not-signed-in", SignIns.Verify("marie", wrong)?.Code);
        // Used every 29 minutes it holds for eight hours, and not a minute more.
        for (var minutes = 29; minutes < 480; minutes += 29)
        {
            Later(TimeSpan.FromMinutes(29));
            Assert.Null(SignIns.Verify("marie", token));
        }
        Later(TimeSpan.FromMinutes(16));
        Assert.Equal("access.not-signed-in", SignIns.Verify("marie", token)?.Code);

        token = SignIns.Enter("marie", Password(), Shows(uri)).OrThrow();
        Later(TimeSpan.FromMinutes(30));
        Assert.Equal("access.not-signed-in", SignIns.Verify("marie", token)?.Code);
        token = SignIns.Enter("marie", Password(), Shows(uri)).OrThrow();
        Assert.False(Plane.Leave(Chu, "something else"));
        Assert.True(Plane.Leave(Chu, token));
        Assert.Equal("access.not-signed-in", SignIns.Verify("marie", token)?.Code);
    }

    [Fact]
    public void Withdrawing_or_inviting_anew_ends_sessions_and_factors_at_once()
    {
        var (uri, _) = Enrolled();
        var token = SignIns.Enter("marie", Password(), Shows(uri)).OrThrow();
        Later(TimeSpan.FromSeconds(30));
        var invitation = SignIns.Invite("marie", "ada").OrThrow();
        Assert.Equal("access.not-signed-in", SignIns.Verify("marie", token)?.Code);
        Assert.Empty(Stored("sign_in"));
        Fails("sign-in.refused", SignIns.Enter("marie", Password(), Shows(uri)));
        var fresh = SignIns.Join("marie", invitation, Password("un tout autre mot")).OrThrow();
        Assert.NotEqual(uri, fresh);
        // A device that showed no code yet is no factor.
        Fails("sign-in.refused", SignIns.Enter("marie", Password("un tout autre mot"), Shows(fresh)));
        var recovery = SignIns.Confirm("marie", Shows(fresh)).OrThrow();
        Later(TimeSpan.FromSeconds(30));
        token = SignIns.Enter("marie", Password("un tout autre mot"), Shows(fresh)).OrThrow();
        Assert.Equal(1, SignIns.End("marie"));
        Assert.Equal("access.not-signed-in", SignIns.Verify("marie", token)?.Code);
        token = SignIns.Enter("marie", Password("un tout autre mot"), recovery[0]).OrThrow();
        Assert.True(SignIns.Withdraw("marie"));
        Assert.Equal("access.not-signed-in", SignIns.Verify("marie", token)?.Code);
        Assert.Empty(Stored("sign_in"));
        Assert.False(SignIns.Withdraw("marie"));
        Later(TimeSpan.FromSeconds(30));
        Fails("sign-in.refused", SignIns.Enter("marie", Password("un tout autre mot"), Shows(fresh)));
        Assert.Empty(SignIns.List());
    }

    [Fact]
    public void An_invitation_serves_once_within_three_days_and_a_confirmed_device_is_not_confirmed_again()
    {
        var late = SignIns.Invite("marie", "ada").OrThrow();
        Later(TimeSpan.FromDays(3));
        Fails("sign-in.refused", SignIns.Join("marie", late, Password()));
        var invitation = SignIns.Invite("marie", "ada").OrThrow();
        Fails("sign-in.refused", SignIns.Join("marie", late, Password()));
        Fails("sign-in.refused", SignIns.Join("paul", invitation, Password()));
        // Typed as people type.
        var uri = SignIns.Join("marie", $" {invitation.ToLowerInvariant().Replace("-", "", StringComparison.Ordinal)}", Password()).OrThrow();
        Fails("sign-in.refused", SignIns.Join("marie", invitation, Password("celui de quelqu'un")));
        Fails("sign-in.refused", SignIns.Confirm("paul", Shows(uri)));
        Assert.Equal("joined", SignIns.List().Single().State);
        SignIns.Confirm("marie", Shows(uri)).OrThrow();
        Fails("sign-in.refused", SignIns.Confirm("marie", Shows(uri, 1)));
        Fails("sign-in.refused", SignIns.Enter("marie", Password(), Shows(uri)));
        Fails("role.actor-invalid", SignIns.Invite("marie dupont", "ada"));
    }

    [Fact]
    public void A_recovery_code_takes_the_place_of_a_device_once()
    {
        var (_, recovery) = Enrolled();
        Assert.Equal(10, recovery.Distinct().Count());
        Fails("sign-in.refused", SignIns.Enter("marie", Password("faux mot"), recovery[3]));
        SignIns.Enter("marie", Password(), recovery[3].ToLowerInvariant()).OrThrow();
        Fails("sign-in.refused", SignIns.Enter("marie", Password(), recovery[3]));
        SignIns.Enter("marie", Password(), recovery[4]).OrThrow();
        Assert.Equal(8, SignIns.List().Single().RecoveryCodesLeft);
    }

    [Fact]
    public void Failures_make_the_next_attempt_wait_ever_longer_and_nothing_is_looked_at_meanwhile()
    {
        var (uri, _) = Enrolled();
        foreach (var seconds in new[] { 0, 0, 30, 60, 120, 240 })
        {
            Fails("sign-in.refused", SignIns.Enter("marie", Password("faux mot"), "123456"));
            if (seconds == 0) continue;
            Later(TimeSpan.FromSeconds(seconds - 1));
            Fails("sign-in.locked", SignIns.Enter("marie", Password(), Shows(uri)));
            Later(TimeSpan.FromSeconds(1));
        }
        for (var i = 0; i < 12; i++)
        {
            Fails("sign-in.refused", SignIns.Enter("marie", Password("faux mot"), "123456"));
            Later(TimeSpan.FromHours(1));
        }
        SignIns.Enter("marie", Password(), Shows(uri)).OrThrow();
        Assert.Null(SignIns.List().Single().LockedUntil);
        // Guessing invitations and first codes is slowed as well.
        SignIns.Invite("paul", "ada").OrThrow();
        for (var i = 0; i < 3; i++) Fails("sign-in.refused", SignIns.Join("paul", "AAAA-AAAA-AAAA-AAAA", Password()));
        Fails("sign-in.locked", SignIns.Join("paul", "AAAA-AAAA-AAAA-AAAA", Password()));
        var joined = SignIns.Join("luc", SignIns.Invite("luc", "ada").OrThrow(), Password()).OrThrow();
        var wrong = Enumerable.Range(0, 9).Select(i => $"{i}00000").First(c => TimeCode.Step(FromBase32(joined.Split("secret=")[1].Split('&')[0]), c, Clock.GetUtcNow()) is null);
        for (var i = 0; i < 3; i++) Fails("sign-in.refused", SignIns.Confirm("luc", wrong));
        Fails("sign-in.locked", SignIns.Confirm("luc", Shows(joined)));
    }

    [Fact]
    public void The_database_tells_no_secret_and_what_was_altered_or_moved_is_noticed()
    {
        var (uri, recovery) = Enrolled();
        var token = SignIns.Enter("marie", Password(), Shows(uri)).OrThrow();
        var stored = string.Join('\n', (string[])[.. Stored("person_factor"), .. Stored("sign_in")]);
        foreach (var secret in new[] { uri.Split("secret=")[1].Split('&')[0], recovery[0], recovery[0].Replace("-", "", StringComparison.Ordinal), token, Known }) Assert.DoesNotContain(secret, stored, StringComparison.OrdinalIgnoreCase);

        // One's own factors put in another's place open nothing.
        _ = Enrolled("paul");
        Tamper("update person_factor set sealed = (select f.sealed from person_factor f where f.person = 'marie') where person = 'paul'");
        Fails("sign-in.tampered", () => SignIns.Enter("paul", Password(), Shows(uri, 1)));
        Fails("sign-in.tampered", () => _ = SignIns.List());
        Tamper("update sign_in set sealed = 'AAAA'");
        Fails("sign-in.tampered", () => _ = SignIns.Verify("marie", token));
    }

    [Fact]
    public void A_tenant_asks_for_two_factors_once_it_was_told_to()
    {
        Assert.False(Plane.TwoFactors(Chu, Keys).IsRequired);
        Assert.False(Plane.MayRequireTwoFactors(Chu));
        Assert.Equal(1, Plane.TwoFactors(Chu, Keys).Set(true, "ada").OrThrow().Number);
        Assert.True(Plane.TwoFactors(Chu, Keys).IsRequired && Plane.MayRequireTwoFactors(Chu));
        Plane.TwoFactors(Chu, Keys).Set(false, "ada").OrThrow();
        Assert.False(Plane.TwoFactors(Chu, Keys).IsRequired);
    }
}

public sealed class SignInInFileSpecs() : SignInSpecs(null);

public sealed class SignInOnServerSpecs(ThrowawayServer server) : SignInSpecs(server.NewDatabase());
