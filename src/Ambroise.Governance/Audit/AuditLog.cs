using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ambroise.Governance.Control;
using Ambroise.Vault;

namespace Ambroise.Governance.Audit;

/// <summary>A tenant's log of acts: entries are added and never changed, and a Merkle tree over them makes any change show.</summary>
/// <remarks>What is stored is the entry's text, its leaf, the tree's peaks, and the last checkpoint of each day. Someone with the database alone can change all of these but not the signatures:
/// entries up to the last checkpoint are held by the tenant's key, and a checkpoint kept elsewhere holds them against the key's holder too.</remarks>
public sealed class AuditLog
{
    readonly DbConnection connection;
    readonly Lock gate;
    readonly TimeProvider clock;
    readonly string tenant;

    internal AuditLog(DbConnection connection, Lock gate, TimeProvider clock, string tenant) => (this.connection, this.gate, this.clock, this.tenant) = (connection, gate, clock, tenant);

    /// <summary>Adds an entry, durably, and signs what the log is then. What the entry tells of may begin only after this returns.</summary>
    /// <param name="key">Null while the tenant is sealed: the next act with a key signs for these too.</param>
    /// <returns>The entry with its place.</returns>
    /// <exception cref="FailureException"><c>audit.unavailable</c>: the act must not happen.</exception>
    public AuditEntry Write(AuditAct act, SigningKey? key)
    {
        lock (gate)
        {
            try
            {
                using var transaction = Database.BeginWrite(connection);
                var tree = Head(transaction);
                var entry = new AuditEntry(tree.Size, clock.GetUtcNow(), act.Actor, act.Account, act.Action, act.Outcome, act.Project, act.Release, act.Patients, act.Detail);
                var text = entry.ToText();
                var leaf = MerkleTree.Leaf(Encoding.UTF8.GetBytes(text));
                tree.Add(leaf);
                connection.Execute("insert into audit (tenant, sequence, entry, leaf) values (@tenant, @sequence, @entry, @leaf)", transaction,
                    ("@tenant", tenant), ("@sequence", entry.Sequence), ("@entry", text), ("@leaf", Convert.ToHexStringLower(leaf)));
                connection.Execute("insert into audit_head (tenant, size, peaks) values (@tenant, @size, @peaks) on conflict (tenant) do update set size = excluded.size, peaks = excluded.peaks", transaction,
                    ("@tenant", tenant), ("@size", tree.Size), ("@peaks", string.Join(' ', tree.Peaks.Select(Convert.ToHexStringLower))));
                if (key is not null) Keep(tree, key, transaction);
                transaction.Commit();
                return entry;
            }
            catch (DbException error)
            {
                throw Unavailable(error).AsException();
            }
        }
    }

    void Keep(GrowingTree tree, SigningKey key, DbTransaction transaction)
    {
        var day = clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        connection.Execute("insert into audit_checkpoint (tenant, day, size, note) values (@tenant, @day, @size, @note) on conflict (tenant, day) do update set size = excluded.size, note = excluded.note", transaction,
            ("@tenant", tenant), ("@day", day), ("@size", tree.Size), ("@note", new Checkpoint(Checkpoint.OriginOf(tenant), tree.Size, tree.Root).Sign(key)));
    }

    /// <returns>The latest signed checkpoint, or null before the first.</returns>
    public string? LastCheckpoint
    {
        get
        {
            lock (gate)
                return connection.Query(static r => r.GetString(0), "select note from audit_checkpoint where tenant = @tenant order by size desc limit 1", ("@tenant", tenant)).FirstOrDefault();
        }
    }

    /// <returns>Entries from the newest, at most <paramref name="most"/>.</returns>
    public IReadOnlyList<AuditEntry> List(int most, string? actor = null, string? project = null)
    {
        lock (gate)
            return [.. connection.Query(static r => r.GetString(0), "select entry from audit where tenant = @tenant and entry <> '' order by sequence desc limit @most", ("@tenant", tenant), ("@most", actor is null && project is null ? most : int.MaxValue))
                .Select(AuditEntry.Read).Where(e => (actor is null || e.Actor == actor) && (project is null || e.Project == project)).Take(most)];
    }

    /// <summary>Recomputes the whole log against its leaves, its head, every checkpoint kept, and those the reader brings.</summary>
    /// <param name="kept">Checkpoints that someone else kept.</param>
    /// <returns>What was checked, or <c>audit.…</c> naming the first entry or checkpoint that does not hold.</returns>
    public Result<AuditVerified> Verify(byte[] publicKey, IEnumerable<string> kept)
    {
        lock (gate)
        {
            var mine = connection.Query(static r => r.GetString(0), "select note from audit_checkpoint where tenant = @tenant order by size", ("@tenant", tenant));
            var wanted = new List<(Checkpoint Checkpoint, bool Kept)>();
            foreach (var (note, brought) in mine.Select(n => (n, false)).Concat(kept.Select(n => (n, true))))
            {
                if (Checkpoint.Open(note, tenant, publicKey).Failed(out var failure, out var checkpoint)) return failure;
                wanted.Add((checkpoint, brought));
            }
            Checkpoint? pruned = null;
            if (PrunedNote is { } leave)
            {
                if (Checkpoint.Open(leave, PrunedName, publicKey).Failed(out var unsigned, out pruned)) return unsigned;
                wanted.Add((pruned, false));
            }
            var bySize = wanted.ToLookup(w => w.Checkpoint.Size);
            var tree = new GrowingTree();
            foreach (var (sequence, text, leaf) in connection.Query(static r => (r.GetInt64(0), r.GetString(1), r.GetString(2)), "select sequence, entry, leaf from audit where tenant = @tenant order by sequence", ("@tenant", tenant)))
            {
                if (sequence != tree.Size) return Broken("audit.entry-missing", $"Entry {tree.Size} is gone.");
                // Of an entry past its retention the leaf is left, which the roots above it hold as before.
                var gone = text.Length == 0 && sequence < (pruned?.Size ?? 0);
                var computed = gone ? Hash(leaf) : MerkleTree.Leaf(Encoding.UTF8.GetBytes(text));
                if (Convert.ToHexStringLower(computed) != leaf || !(gone || Says(text, sequence))) return Broken("audit.entry-changed", $"Entry {sequence} is not what was written.");
                tree.Add(computed);
                foreach (var (checkpoint, brought) in bySize[tree.Size])
                    if (!checkpoint.Root.AsSpan().SequenceEqual(tree.Root))
                        return brought ? Broken("audit.forked", $"The log is not the one of the checkpoint kept at {tree.Size} entries: an entry before it was changed.")
                            : Broken("audit.entry-changed", $"An entry before number {tree.Size} is not what was signed.");
            }
            if (wanted.FirstOrDefault(w => w.Checkpoint.Size > tree.Size) is { Checkpoint: { } beyond }) return Broken("audit.truncated", $"The log has {tree.Size} entries where {beyond.Size} were signed: the last ones are gone.");
            var head = Head(null);
            if (head.Size != tree.Size || !head.Root.AsSpan().SequenceEqual(tree.Root)) return Broken("audit.truncated", $"The log has {tree.Size} entries where its head counts {head.Size}.");
            var signed = wanted.Count == 0 ? 0 : wanted.Max(w => w.Checkpoint.Size);
            return new AuditVerified(tree.Size, signed, Convert.ToHexStringLower(tree.Root), wanted.Count, pruned?.Size ?? 0);
        }
    }

    /// <summary>Takes the text out of entries past their retention, of whole signed history only; their leaves stay, so that all the rest is proved as before.</summary>
    /// <param name="before">Entries from this instant on stay, and all that follow them.</param>
    /// <param name="expected">How many there should be, as a dry run found; null for a dry run, which changes nothing.</param>
    /// <returns>How many entries have lost, or would lose, their text; or as <see cref="Verify"/>, <c>audit.prune-changed</c>.</returns>
    public Result<int> Prune(DateTimeOffset before, SigningKey key, int? expected)
    {
        lock (gate)
        {
            // What does not hold must not be thrown away: it is the evidence.
            if (Verify(key.PublicKey, []).Failed(out var failure, out var verified)) return failure;
            try
            {
                using var transaction = Database.BeginWrite(connection);
                var tree = new GrowingTree();
                var count = 0;
                foreach (var (text, leaf) in connection.Query(static r => (r.GetString(0), r.GetString(1)), "select entry, leaf from audit where tenant = @tenant and sequence < @signed order by sequence", transaction, ("@tenant", tenant), ("@signed", verified.Signed)))
                {
                    if (text.Length > 0 && AuditEntry.Read(text).At >= before) break;
                    tree.Add(Hash(leaf));
                    if (text.Length > 0) count++;
                }
                if (expected is null || count == 0) return count;
                if (count != expected) return new Failure(FailureKind.Conflict, "audit.prune-changed", $"{count} entries are past their retention, not {expected}: look again without --confirm.");
                connection.Execute("update audit set entry = '' where tenant = @tenant and sequence < @size", transaction, ("@tenant", tenant), ("@size", tree.Size));
                connection.Execute("insert into audit_pruned (tenant, size, note) values (@tenant, @size, @note) on conflict (tenant) do update set size = excluded.size, note = excluded.note", transaction,
                    ("@tenant", tenant), ("@size", tree.Size), ("@note", new Checkpoint(Checkpoint.OriginOf(PrunedName), tree.Size, tree.Root).Sign(key)));
                transaction.Commit();
                return count;
            }
            catch (DbException error)
            {
                throw Unavailable(error).AsException();
            }
        }
    }

    /// <summary>A name of its own: a checkpoint of the log must not pass for leave to empty it.</summary>
    string PrunedName => $"{tenant}/pruned";

    string? PrunedNote => connection.Query(static r => r.GetString(0), "select note from audit_pruned where tenant = @tenant", ("@tenant", tenant)).FirstOrDefault();

    static byte[] Hash(string leaf) => leaf.Length == 2 * MerkleTree.HashBytes && leaf.All(char.IsAsciiHexDigitLower) ? Convert.FromHexString(leaf) : new byte[MerkleTree.HashBytes];

    /// <returns>What shows to anyone with the public key that an entry is in the log, or <c>audit.entry-unknown</c>.</returns>
    public Result<AuditProof> Prove(long sequence)
    {
        lock (gate)
        {
            if (LastCheckpoint is not { } note || !long.TryParse(note.Split('\n')[1], CultureInfo.InvariantCulture, out var size) || sequence < 0 || sequence >= size)
                return new Failure(FailureKind.NotFound, "audit.entry-unknown", $"There is no signed entry {sequence}.");
            var rows = connection.Query(static r => (Entry: r.GetString(0), Leaf: r.GetString(1)), "select entry, leaf from audit where tenant = @tenant and sequence < @size order by sequence", ("@tenant", tenant), ("@size", size));
            if (rows.Count != size) return Broken("audit.truncated", $"The log has {rows.Count} entries where {size} were signed.");
            var leaves = rows.Select(r => Convert.FromHexString(r.Leaf)).ToArray();
            if (rows[(int)sequence].Entry.Length == 0) return new Failure(FailureKind.NotFound, "audit.entry-pruned", $"Entry {sequence} was past its retention: its hash alone is left.");
            return new AuditProof(rows[(int)sequence].Entry, sequence, size, [.. MerkleTree.Path((int)sequence, leaves).Select(Convert.ToBase64String)], note);
        }
    }

    GrowingTree Head(DbTransaction? transaction)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "select size, peaks from audit_head where tenant = @tenant";
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = ("@tenant", tenant);
        command.Parameters.Add(parameter);
        using var reader = command.ExecuteReader();
        return reader.Read() ? new(reader.GetInt64(0), reader.GetString(1).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Convert.FromHexString)) : new();
    }

    static bool Says(string text, long sequence)
    {
        try
        {
            return AuditEntry.Read(text).Sequence == sequence;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static Failure Broken(string code, string detail) => new(FailureKind.Tampered, code, detail);

    static Failure Unavailable(DbException error) => new(FailureKind.Unavailable, "audit.unavailable", $"The audit cannot be written (database error {error.ErrorCode}), so nothing was done: is the disk full, read-only or locked?");
}

/// <param name="Signed">Entries that a checkpoint holds; those after it are held by the next.</param>
/// <param name="Pruned">The first so many are past their retention: their hashes alone are left.</param>
public sealed record AuditVerified(long Entries, long Signed, string Root, int Checkpoints, long Pruned);

/// <summary>An entry, the hashes that lead from it to the root, and the signed root.</summary>
/// <param name="Path">Base64, lowest first.</param>
public sealed record AuditProof(string Entry, long Sequence, long Size, IReadOnlyList<string> Path, string Checkpoint)
{
    /// <exception cref="JsonException">It is no proof.</exception>
    public static AuditProof Parse(string json) => JsonSerializer.Deserialize(json, KeptJson.Of<AuditProof>()) ?? throw new JsonException();

    /// <returns>The entry, or <c>audit.proof-invalid</c>: needs nothing but the public key.</returns>
    public Result<AuditEntry> Check(string tenant, byte[] publicKey)
    {
        if (Audit.Checkpoint.Open(Checkpoint, tenant, publicKey).Failed(out var failure, out var checkpoint)) return failure;
        var root = checkpoint.Size == Size ? MerkleTree.RootOf(MerkleTree.Leaf(Encoding.UTF8.GetBytes(Entry)), Sequence, Size, [.. Path.Select(Convert.FromBase64String)]) : null;
        return root is not null && root.AsSpan().SequenceEqual(checkpoint.Root) ? AuditEntry.Read(Entry)
            : new Failure(FailureKind.Tampered, "audit.proof-invalid", "This entry is not in the log that the checkpoint signs.");
    }
}
