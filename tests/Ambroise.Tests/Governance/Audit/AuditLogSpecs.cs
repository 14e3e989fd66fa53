using Ambroise.Governance;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Control;
using Ambroise.Governance.Tenants;
using Ambroise.Tests.Vault;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance.Audit;

/// <summary>What the log promises, on either database.</summary>
public abstract class AuditLogSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-audit-");
    readonly Home home;
    readonly KeyRing keys;
    protected SigningKey Signature { get; }

    protected AuditLogSpecs(string? server)
    {
        home = new Home(Path.Combine(folder.FullName, "home"));
        home.Initialise(TimeProvider.System, server);
        keys = KeyRing.Create(Path.Combine(folder.FullName, "keys"), "chu", new Passphrase("a passphrase"), KeyFolderFixture.Cheap).OrThrow();
        Signature = SigningKey.Of(keys, "governance", "signature");
        using var plane = Open();
        plane.AddTenant(Chu, "CHU", "file").OrThrow();
        for (var i = 0; i < 7; i++) plane.Audit(Chu).Write(new("marie", "root", "cohort.exact", Outcome.Done, null, 1, 10 + i), Signature);
    }

    public void Dispose()
    {
        Signature.Dispose();
        keys.Dispose();
        folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static TenantId Chu { get; } = TenantId.Parse("chu").OrThrow();

    protected ControlPlane Open() => home.OpenControlPlane(TimeProvider.System).OrThrow();

    protected void Tamper(string sql)
    {
        using var connection = home.Database.Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0, sql);
    }

    string? Fault(params string[] kept)
    {
        using var plane = Open();
        return plane.Audit(Chu).Verify(Signature.PublicKey, kept).Failed(out var failure, out _) ? failure.Code : null;
    }

    string Kept()
    {
        using var plane = Open();
        return plane.Audit(Chu).LastCheckpoint!;
    }

    [Fact]
    public void A_log_left_alone_verifies_with_every_entry_signed()
    {
        using var plane = Open();
        var verified = plane.Audit(Chu).Verify(Signature.PublicKey, [Kept()]).OrThrow();
        Assert.Equal((7, 7), (verified.Entries, verified.Signed));
        Assert.Equal([6, 5, 4], plane.Audit(Chu).List(3).Select(e => e.Sequence));
    }

    [Theory]
    [InlineData("update audit set entry = replace(entry, '\"patients\":12', '\"patients\":13') where sequence = 2", "audit.entry-changed")]
    [InlineData("update audit set leaf = (select leaf from audit where sequence = 1) where sequence = 2", "audit.entry-changed")]
    [InlineData("delete from audit where sequence = 3", "audit.entry-missing")]
    [InlineData("delete from audit where sequence = 6", "audit.truncated")]
    [InlineData("delete from audit_checkpoint; update audit_head set size = 8", "audit.truncated")]
    [InlineData("update audit set sequence = 100 where sequence = 1; update audit set sequence = 1 where sequence = 2; update audit set sequence = 2 where sequence = 100", "audit.entry-changed")]
    [InlineData("update audit_checkpoint set note = replace(note, '7', '6')", "audit.checkpoint-invalid")]
    public void What_is_edited_removed_reordered_or_cut_off_is_found(string sql, string code)
    {
        Tamper(sql);
        Assert.Equal(code, Fault());
    }

    /// <summary>Someone with the database rewrites an entry and all that follows from it; the signature is what they lack.</summary>
    [Fact]
    public void A_history_computed_anew_lacks_the_signature()
    {
        Rewrite();
        Assert.Equal("audit.entry-changed", Fault());
    }

    /// <summary>Someone with the key as well signs the rewritten log: a checkpoint kept elsewhere still tells.</summary>
    [Fact]
    public void A_history_signed_anew_differs_from_the_checkpoint_kept()
    {
        var kept = Kept();
        Tamper("delete from audit where sequence >= 5; delete from audit_checkpoint");
        Rewrite();
        using (var plane = Open())
            for (var i = 0; i < 3; i++) plane.Audit(Chu).Write(new("paul", "root", "lake.load", Outcome.Done), Signature);
        Assert.Null(Fault());
        Assert.Equal("audit.forked", Fault(kept));
    }

    [Fact]
    public void A_rolled_back_log_is_found_by_the_checkpoint_kept()
    {
        var kept = Kept();
        Tamper("delete from audit where sequence >= 5; delete from audit_checkpoint");
        Rewrite();
        Assert.Null(Fault());
        Assert.Equal("audit.truncated", Fault(kept));
    }

    [Fact]
    public void Another_tenants_checkpoint_is_refused()
    {
        using var others = KeyRing.Create(Path.Combine(folder.FullName, "others"), "chu", new Passphrase("a passphrase"), KeyFolderFixture.Cheap).OrThrow();
        using var other = SigningKey.Of(others, "governance", "signature");
        using var plane = Open();
        plane.Audit(Chu).Write(new("marie", "root", "lake.load", Outcome.Done), other);
        Assert.Equal("audit.checkpoint-invalid", Fault());
    }

    [Fact]
    public void An_entry_is_proved_to_whoever_has_the_public_key()
    {
        using var plane = Open();
        for (var entry = 0; entry < 7; entry++)
        {
            var proof = plane.Audit(Chu).Prove(entry).OrThrow();
            Assert.Equal(entry, proof.Check("chu", Signature.PublicKey).OrThrow().Sequence);
            Assert.True((proof with { Entry = proof.Entry.Replace("marie", "paul", StringComparison.Ordinal) }).Check("chu", Signature.PublicKey).Failed(out var failure, out _));
            Assert.Equal("audit.proof-invalid", failure.Code);
        }
        Assert.True(plane.Audit(Chu).Prove(7).Failed(out _, out _));
    }

    [Fact]
    public void Entries_past_their_retention_lose_their_text_and_the_rest_is_proved_as_before()
    {
        var (old, kept) = (Kept(), Now(0));
        Assert.Equal(0, kept.Audit(Chu).Prune(TimeProvider.System.GetUtcNow().AddMonths(-12), Signature, null).OrThrow());
        kept.Dispose();
        using var plane = Now(400);
        plane.Audit(Chu).Write(new("paul", "root", "lake.load", Outcome.Done), Signature);
        var log = plane.Audit(Chu);
        var before = TimeProvider.System.GetUtcNow().AddDays(400).AddMonths(-12);
        Assert.Equal(7, log.Prune(before, Signature, null).OrThrow());
        Assert.Equal(8, log.List(20).Count);
        Assert.True(log.Prune(before, Signature, 6).Failed(out var failure, out _));
        Assert.Equal("audit.prune-changed", failure.Code);
        Assert.Equal(7, log.Prune(before, Signature, 7).OrThrow());
        Assert.Equal(["paul"], log.List(20).Select(e => e.Actor));
        var verified = log.Verify(Signature.PublicKey, [old]).OrThrow();
        Assert.Equal((8, 8, 7), (verified.Entries, verified.Signed, verified.Pruned));
        Assert.True(log.Prove(2).Failed(out failure, out _));
        Assert.Equal("audit.entry-pruned", failure.Code);
        Assert.Equal("paul", log.Prove(7).OrThrow().Check("chu", Signature.PublicKey).OrThrow().Actor);
        Assert.Equal(0, log.Prune(before, Signature, 7).OrThrow());

        Tamper("update audit set leaf = (select leaf from audit where sequence = 1) where sequence = 2");
        Assert.Equal("audit.entry-changed", Fault());
    }

    /// <summary>Emptying an entry without the tenant's leave is a change, and the log's own checkpoints are no such leave.</summary>
    [Fact]
    public void Entries_are_emptied_by_nobody_else()
    {
        Tamper("update audit set entry = '' where sequence = 2");
        Assert.Equal("audit.entry-changed", Fault());
        Tamper("insert into audit_pruned (tenant, size, note) select tenant, size, note from audit_checkpoint");
        Assert.Equal("audit.checkpoint-invalid", Fault());
    }

    [Fact]
    public void A_log_that_does_not_hold_is_not_pruned()
    {
        Tamper("update audit set entry = replace(entry, '\"patients\":12', '\"patients\":13') where sequence = 2");
        using var plane = Now(400);
        Assert.True(plane.Audit(Chu).Prune(TimeProvider.System.GetUtcNow().AddDays(1), Signature, 7).Failed(out var failure, out _));
        Assert.Equal("audit.entry-changed", failure.Code);
    }

    ControlPlane Now(int daysLater) => home.OpenControlPlane(new SetClock(TimeProvider.System.GetUtcNow().AddDays(daysLater))).OrThrow();

    /// <summary>Changes entry 2 and computes leaves and head again, as anyone with the database can.</summary>
    void Rewrite()
    {
        Tamper("update audit set entry = replace(entry, '\"patients\":12', '\"patients\":99') where sequence = 2");
        using var connection = home.Database.Connect();
        var tree = new GrowingTree();
        var leaves = new List<string>();
        using (var read = connection.CreateCommand())
        {
            read.CommandText = "select entry from audit order by sequence";
            using var rows = read.ExecuteReader();
            while (rows.Read())
            {
                var leaf = MerkleTree.Leaf(System.Text.Encoding.UTF8.GetBytes(rows.GetString(0)));
                tree.Add(leaf);
                leaves.Add(Convert.ToHexStringLower(leaf));
            }
        }
        for (var i = 0; i < leaves.Count; i++) Tamper($"update audit set leaf = '{leaves[i]}' where sequence = {i}");
        Tamper($"update audit_head set size = {tree.Size}, peaks = '{string.Join(' ', tree.Peaks.Select(Convert.ToHexStringLower))}'");
    }
}

public sealed class AuditLogInFileSpecs() : AuditLogSpecs(null)
{
    [Fact]
    public void Where_the_entry_cannot_be_written_the_act_fails()
    {
        using var plane = Open();
        Tamper("insert into audit_head select 'x', 0, ''; create trigger full before insert on audit begin select raise(abort, 'full'); end"); // any database error will do: disk full, read-only, corrupt
        Assert.Equal("audit.unavailable", Assert.Throws<FailureException>(() => plane.Audit(Chu).Write(new("marie", "root", "lake.load", Outcome.Allowed), Signature)).Failure.Code);
    }
}

public sealed class AuditLogOnServerSpecs(ThrowawayServer server) : AuditLogSpecs(server.NewDatabase())
{
    [Fact]
    public void Where_the_entry_cannot_be_written_the_act_fails()
    {
        using var plane = Open();
        Tamper("insert into audit_head select 'x', 0, ''; alter table audit add constraint full_disk check (sequence < 7)");
        Assert.Equal("audit.unavailable", Assert.Throws<FailureException>(() => plane.Audit(Chu).Write(new("marie", "root", "lake.load", Outcome.Allowed), Signature)).Failure.Code);
    }

    [Fact]
    public void Writers_at_once_take_turns_and_leave_one_chain()
    {
        Parallel.For(0, 6, i =>
        {
            using var plane = Open();
            for (var n = 0; n < 10; n++) plane.Audit(Chu).Write(new($"writer{i}", "root", "lake.load", Outcome.Done), Signature);
        });
        using var read = Open();
        Assert.Equal(67, read.Audit(Chu).Verify(Signature.PublicKey, []).OrThrow().Entries);
    }
}
