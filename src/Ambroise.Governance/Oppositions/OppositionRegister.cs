using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ambroise.Governance.Control;
using Ambroise.Governance.Projects;
using Ambroise.Vault;
using Ambroise.Vault.Custody;

namespace Ambroise.Governance.Oppositions;

/// <summary>Who objects to what, in a tenant. That someone objects is about a patient, so each entry is sealed under a key of the tenant: the database alone tells how many there are.</summary>
/// <remarks>Entries are added and never changed: the last one about a patient and a reach holds. Each is bound to its tenant and number, so one that was edited, moved or taken out is noticed;
/// the last ones cut off are noticed against the audit, which keeps the number of each.</remarks>
public sealed class OppositionRegister
{
    const string KeyGroup = "oppositions", KeyName = "register";

    static readonly JsonSerializerOptions Style = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    readonly DbConnection connection;
    readonly Lock gate;
    readonly TimeProvider clock;
    readonly string tenant;
    readonly KeyRing keys;

    internal OppositionRegister(DbConnection connection, Lock gate, TimeProvider clock, string tenant, KeyRing keys)
    {
        (this.connection, this.gate, this.clock, this.tenant, this.keys) = (connection, gate, clock, tenant, keys);
    }

    /// <summary>Made with the first entry.</summary>
    ReadOnlySpan<byte> Key => keys.GetOrCreate(KeyGroup, KeyName).Span;

    /// <summary>What was asked for, before it has its place.</summary>
    public sealed record Said(long Person, Reach Reach, Channel Channel, DateOnly Received, string Proof = "");

    /// <summary>Writes down that patients object, all of them or none. In force at the next count, cohort and dataset.</summary>
    /// <returns>The new entries; those who objected to the same already are passed over.</returns>
    public Result<IReadOnlyList<Opposition>> Add(IEnumerable<Said> said, string by) => Write(said, by, withdraws: false);

    /// <summary>Writes down that a patient no longer objects.</summary>
    /// <returns>The entry, or <c>opposition.none</c>.</returns>
    public Result<Opposition> Withdraw(Said said, string by)
    {
        if (Write([said], by, withdraws: true).Failed(out var failure, out var written)) return failure;
        return written is [var one] ? one : new Failure(FailureKind.NotFound, "opposition.none", "There is no such opposition in force.");
    }

    /// <returns>Every entry, oldest first.</returns>
    /// <exception cref="FailureException"><c>opposition.tampered</c>.</exception>
    public IReadOnlyList<Opposition> List()
    {
        lock (gate) return Read();
    }

    /// <returns>What holds now, oldest first.</returns>
    /// <exception cref="FailureException"><c>opposition.tampered</c>.</exception>
    public IReadOnlyList<Opposition> InForce() => Last(List());

    /// <summary>The patients whom work must not see.</summary>
    /// <param name="project">Null for research questions under a role.</param>
    /// <returns>person_id, ascending.</returns>
    /// <exception cref="FailureException"><c>opposition.tampered</c>: then nobody is seen at all.</exception>
    public IReadOnlyCollection<long> Against(string? project = null, Purpose? purpose = null) =>
        [.. InForce().Where(o => o.Reach.Covers(project, purpose)).Select(o => o.Person).Distinct().Order()];

    Result<IReadOnlyList<Opposition>> Write(IEnumerable<Said> said, string by, bool withdraws)
    {
        lock (gate)
        {
            using var transaction = Database.BeginWrite(connection);
            var all = Read(transaction);
            var now = clock.GetUtcNow();
            var today = DateOnly.FromDateTime(now.UtcDateTime);
            var held = Last(all).Select(o => (o.Person, o.Reach)).ToHashSet();
            var written = new List<Opposition>();
            foreach (var one in said)
            {
                // A day of grace: it may be tomorrow already where the patient is.
                if (one.Received > today.AddDays(1)) return new Failure(FailureKind.Invalid, "opposition.received-later", "An opposition cannot be received after today.");
                if (one.Proof.Length > 300) return new Failure(FailureKind.Invalid, "opposition.proof-long", "A proof is a reference of at most 300 characters.");
                if (withdraws ? !held.Remove((one.Person, one.Reach)) : !held.Add((one.Person, one.Reach))) continue;
                var entry = new Opposition(all.Count + written.Count + 1, withdraws, one.Person, one.Reach, one.Channel, one.Received, one.Proof, now, by);
                written.Add(entry);
                connection.Execute("insert into opposition (tenant, number, sealed) values (@tenant, @number, @sealed)", transaction, ("@tenant", tenant), ("@number", entry.Number),
                    ("@sealed", Convert.ToBase64String(Sealed.Seal(Key, JsonSerializer.SerializeToUtf8Bytes(entry, Style), Context(entry.Number)))));
            }
            transaction.Commit();
            return written;
        }
    }

    List<Opposition> Read(DbTransaction? transaction = null)
    {
        var rows = connection.Query(static r => (Number: r.GetInt64(0), Sealed: r.GetString(1)), "select number, sealed from opposition where tenant = @tenant order by number", transaction, ("@tenant", tenant));
        var all = new List<Opposition>(rows.Count);
        foreach (var (number, text) in rows)
        {
            var message = new byte[text.Length];
            var entry = Convert.TryFromBase64String(text, message, out var length) && Sealed.Open(Key, message.AsSpan(0, length), Context(number)) is { } content
                ? JsonSerializer.Deserialize<Opposition>(content, Style) : null;
            if (entry is null || number != all.Count + 1)
                throw new Failure(FailureKind.Tampered, "opposition.tampered", $"Entry {all.Count + 1} of the register of oppositions is gone or altered: restore it from its backup. Until then nothing opens.").AsException();
            all.Add(entry);
        }
        return all;
    }

    static List<Opposition> Last(IReadOnlyList<Opposition> all) => [.. all.GroupBy(o => (o.Person, o.Reach)).Select(g => g.Last()).Where(o => !o.Withdraws).OrderBy(o => o.Number)];

    byte[] Context(long number) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"ambroise opposition\n{tenant}\n{number}"));
}
