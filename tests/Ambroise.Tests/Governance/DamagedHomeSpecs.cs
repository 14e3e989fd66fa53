using System.Data.Common;
using Ambroise.Governance;
using Ambroise.Governance.Tenants;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Tests.Lake;
using Ambroise.Tests.Vault;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance;

/// <summary>A byte that changed in the control plane is noticed, or changes nothing that anybody is told.</summary>
public sealed class DamagedHomeSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-damaged-");
    readonly Home home;

    public DamagedHomeSpecs() => home = new Home(Path.Combine(folder.FullName, "home"));

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_flipped_bit_at_six_hundred_places_of_the_control_plane_never_changes_an_answer_unseen()
    {
        Assert.True(home.Initialise(TimeProvider.System));
        var chu = TenantId.Parse("chu").OrThrow();
        using var keys = KeyRing.Create(home.KeysFolder(chu), "chu", new Passphrase("a passphrase for tests"), KeyFolderFixture.Cheap).OrThrow();
        string before;
        using (var plane = home.OpenControlPlane(TimeProvider.System).OrThrow())
        {
            plane.AddTenant(chu, "Centre hospitalier universitaire", "file").OrThrow();
            plane.AddTenant(TenantId.Parse("clinique").OrThrow(), "Clinique", "file").OrThrow();
            var lake = new TenantLake(home.TenantFolder(chu), "chu", keys, plane, TimeProvider.System);
            for (var patients = 5; patients < 8; patients++)
            {
                var rows = new Rows();
                for (var i = 1; i <= patients; i++) rows.Add(Cdm54.Person, ("person_id", (long)i), ("gender_concept_id", 8507), ("year_of_birth", 1960));
                (await LoadRelease.RunAsync(lake, rows, new(LoadMode.Replace, 1 << 26, 1, null), null, TestContext.Current.CancellationToken)).OrThrow();
            }
            before = Said(keys);
        }
        var path = home.ControlPlanePath;
        var whole = File.ReadAllBytes(path);
        var written = Enumerable.Range(0, whole.Length).Where(at => whole[at] != 0).ToArray();
        var told = new List<string>();
        ulong state = 20261124;
        var seen = 0;
        for (var i = 0; i < 600; i++)
        {
            state = state * 6364136223846793005 + 1442695040888963407;
            // Most of a young control plane is empty: two places of three are among the bytes that hold something.
            var at = i % 3 == 0 ? (int)((state >> 33) % (ulong)whole.Length) : written[(int)((state >> 33) % (ulong)written.Length)];
            var flipped = (byte[])whole.Clone();
            flipped[at] ^= (byte)(1 << (int)(state >> 29) % 8);
            foreach (var beside in new[] { "-wal", "-shm" }) File.Delete(path + beside);
            File.WriteAllBytes(path, flipped);
            try
            {
                var now = Said(keys);
                if (now != before) told.Add($"byte {at}: {now}");
            }
            catch (Exception e) when (e is FailureException or DbException)
            {
                seen++;
            }
        }
        Assert.True(told.Count == 0, string.Join("\n", told.Append($"instead of {before}")));
        Assert.True(seen > 20, $"{seen} of 600 noticed");
    }

    /// <returns>All that a person is told from the control plane and the lake.</returns>
    string Said(KeyRing keys)
    {
        using var plane = home.OpenControlPlane(TimeProvider.System).OrThrow();
        var tenants = plane.Tenants.Select(t => $"{t.Id} {t.Name} {t.Created:O} {t.State} {t.Custodian}");
        var releases = new TenantLake(home.TenantFolder(TenantId.Parse("chu").OrThrow()), "chu", keys, plane, TimeProvider.System).Releases().OrThrow();
        return string.Join(" | ", tenants.Concat(releases.Select(r => $"{r.Release} {r.Created:O} {r.Content}")));
    }
}
