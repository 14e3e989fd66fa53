using Ambroise.Governance;
using Ambroise.Governance.Access;
using Ambroise.Governance.Control;
using Ambroise.Governance.Tenants;

namespace Ambroise.Tests.Governance.Access;

/// <summary>Who holds which role when, on either database.</summary>
public abstract class GrantsSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-grants-");
    readonly SetClock clock = new(At(2026, 3, 1));
    readonly ControlPlane plane;
    readonly Grants grants;

    protected GrantsSpecs(string? server)
    {
        var home = new Home(folder.FullName);
        home.Initialise(clock, server);
        plane = home.OpenControlPlane(clock).OrThrow();
        var chu = TenantId.Parse("chu").OrThrow();
        plane.AddTenant(chu, "CHU", "file").OrThrow();
        grants = plane.Grants(chu);
        grants.Add("ada", Role.Administrator, "ada").OrThrow();
    }

    public void Dispose()
    {
        plane.Dispose();
        folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    static DateTimeOffset At(int year, int month, int day) => new(year, month, day, 0, 0, 0, TimeSpan.Zero);

    static void Fails<T>(string code, Result<T> result)
    {
        Assert.True(result.Failed(out var failure, out _));
        Assert.Equal(code, failure.Code);
    }

    [Fact]
    public void A_role_holds_between_its_dates_and_not_after_it_is_revoked()
    {
        grants.Add("marie", Role.Researcher, "ada", At(2026, 4, 1), At(2026, 5, 1)).OrThrow();
        Assert.Empty(grants.Of("marie"));
        Assert.Empty(grants.Of("nobody"));
        clock.Now = At(2026, 4, 1);
        Assert.Equal([Role.Researcher], grants.Of("marie"));
        clock.Now = At(2026, 5, 1);
        Assert.Empty(grants.Of("marie"));

        clock.Now = At(2026, 5, 2);
        grants.Add("paul", Role.DataEngineer, "ada").OrThrow();
        Assert.Equal([Role.DataEngineer], grants.Of("paul"));
        Assert.Equal(1, grants.Revoke("paul", Role.DataEngineer).OrThrow());
        Assert.Empty(grants.Of("paul"));

        grants.Add("luc", Role.Researcher, "ada", At(2026, 9, 1), At(2026, 10, 1)).OrThrow();
        Fails("role.given-already", grants.Add("luc", Role.Researcher, "ada", At(2026, 9, 1)));
        Assert.Equal(1, grants.Revoke("luc", Role.Researcher).OrThrow());
        grants.Add("luc", Role.Researcher, "ada", At(2026, 9, 1), At(2026, 11, 1)).OrThrow(); // it had not begun
        Assert.Equal(At(2026, 11, 1), grants.List().Single(g => g.Actor == "luc").Until);

        Fails("role.last-administrator", grants.Revoke("ada", Role.Administrator));
        Fails("role.actor-invalid", grants.Add("a b", Role.Researcher, "ada"));
        Fails("role.dates-invalid", grants.Add("luc", Role.Researcher, "ada", At(2026, 6, 1), At(2026, 6, 1)));
    }

    [Fact]
    public void A_role_nobody_confirmed_for_a_year_lapses_at_once()
    {
        grants.Add("marie", Role.Researcher, "ada").OrThrow();
        clock.Now = At(2027, 3, 1).AddTicks(-1);
        Assert.Equal([Role.Researcher], grants.Of("marie"));
        clock.Now = At(2027, 3, 1);
        Assert.Empty(grants.Of("marie"));
        Assert.Equal([Role.Researcher], grants.Of("marie", unreviewed: true));

        grants.Confirm("marie", Role.Researcher, "ada").OrThrow();
        Assert.Equal([Role.Researcher], grants.Of("marie"));
        clock.Now = At(2028, 3, 1);
        Assert.Empty(grants.Of("marie"));

        grants.Revoke("marie", Role.Researcher).OrThrow();
        Fails("role.not-held", grants.Confirm("marie", Role.Researcher, "ada"));
        Fails("role.not-held", grants.Confirm("ada", Role.Researcher, "ada"));
    }

    [Fact]
    public void Nobody_confirms_their_own_role_but_the_only_administrator()
    {
        grants.Add("paul", Role.DataEngineer, "ada").OrThrow();
        Assert.Equal(["ada"], grants.Reviewers("ada"));
        grants.Confirm("ada", Role.Administrator, "ada").OrThrow();
        Fails("role.own-review", grants.Confirm("paul", Role.DataEngineer, "paul"));

        grants.Add("eve", Role.Administrator, "ada").OrThrow();
        Assert.Equal(["eve"], grants.Reviewers("ada"));
        Fails("role.own-review", grants.Confirm("ada", Role.Administrator, "ada"));
        clock.Now = At(2027, 4, 1);
        Assert.Empty(grants.Of("ada"));
        // Lapsed administrators can still confirm one another, and nothing else.
        grants.Confirm("ada", Role.Administrator, "eve").OrThrow();
        Assert.Equal([Role.Administrator], grants.Of("ada"));
    }
}

public sealed class GrantsInFileSpecs() : GrantsSpecs(null);

public sealed class GrantsOnServerSpecs(ThrowawayServer server) : GrantsSpecs(server.NewDatabase());
