using Ambroise.Governance;
using Ambroise.Governance.Control;
using Ambroise.Governance.Tenants;
using Ambroise.Tests.Vault;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance;

/// <summary>A tenant with its keys open, a clock that the test sets, and either database.</summary>
public abstract class BookHouse : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-books-");
    readonly Home home;
    readonly SetClock clock = new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    protected BookHouse(string? server)
    {
        home = new Home(Path.Combine(folder.FullName, "home"));
        home.Initialise(clock, server);
        Keys = KeyRing.Create(Path.Combine(folder.FullName, "keys"), "chu", new Passphrase("a passphrase"), KeyFolderFixture.Cheap).OrThrow();
        Signature = SigningKey.Of(Keys, "governance", "signature");
        Plane = home.OpenControlPlane(clock).OrThrow();
        Plane.AddTenant(Chu, "CHU", "file").OrThrow();
    }

    public virtual void Dispose()
    {
        Plane.Dispose();
        Signature.Dispose();
        Keys.Dispose();
        folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static TenantId Chu { get; } = TenantId.Parse("chu").OrThrow();

    protected KeyRing Keys { get; }

    protected SigningKey Signature { get; }

    protected ControlPlane Plane { get; }

    protected string Beside(string name) => Path.Combine(folder.FullName, name);

    protected TimeProvider Clock => clock;

    /// <summary>Noon of a day of 2026, or later.</summary>
    protected void On(int month, int day, int year = 2026) => clock.Now = new(year, month, day, 12, 0, 0, TimeSpan.Zero);

    protected void Later(TimeSpan by) => clock.Now += by;

    /// <summary>Every value of a table, as text.</summary>
    protected IReadOnlyList<string> Stored(string table)
    {
        using var connection = home.Database.Connect();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // written in the tests
        command.CommandText = $"select * from {table}";
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var values = new List<string>();
        while (reader.Read()) values.AddRange(Enumerable.Range(0, reader.FieldCount).Select(i => $"{reader.GetValue(i)}"));
        return values;
    }

    protected void Tamper(string sql)
    {
        using var connection = home.Database.Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0, sql);
    }

    protected static void Fails<T>(string code, Result<T> result)
    {
        Assert.True(result.Failed(out var failure, out _), $"{code} was expected");
        Assert.Equal(code, failure.Code);
    }

    protected static void Fails(string code, Action act) => Assert.Equal(code, Assert.Throws<FailureException>(act).Failure.Code);
}
