using System.Data.Common;
using Ambroise.Governance.Control;
using Ambroise.Governance.Projects;
using Ambroise.Vault;

namespace Ambroise.Governance.Oppositions;

/// <summary>Who objects to what, in a tenant. That someone objects is about a patient, so each entry is sealed under a key of the tenant: the database alone tells how many there are.</summary>
/// <remarks>The last entry about a patient, a reach and what said it (a person, or one consent record) holds: two that say the same stand each by itself.</remarks>
public sealed class OppositionRegister
{
    const string KeyGroup = "oppositions", KeyName = "register";

    readonly DbConnection connection;
    readonly Lock gate;
    readonly TimeProvider clock;
    readonly SealedJournal<Opposition> journal;

    internal OppositionRegister(DbConnection connection, Lock gate, TimeProvider clock, string tenant, KeyRing keys)
    {
        (this.connection, this.gate, this.clock) = (connection, gate, clock);
        // The key is made with the first entry.
        journal = new(connection, "opposition", "opposition", tenant, () => keys.GetOrCreate(KeyGroup, KeyName),
            entry => new Failure(FailureKind.Tampered, "opposition.tampered", $"Entry {entry} of the register of oppositions is gone or altered: restore it from its backup. Until then nothing opens."));
    }

    /// <summary>What was asked for, before it has its place.</summary>
    public sealed record Said(long Person, Reach Reach, Channel Channel, DateOnly Received, string Proof = "")
    {
        /// <summary>Keys of the patients who are this person. It is written down of each: they may come apart in a load that knows nothing of how they were one, or after an erasure.</summary>
        public IReadOnlyList<long> Patients { get; init; } = [];
    }

    /// <summary>Writes down that patients object, all of them or none. In force at the next count, cohort and dataset.</summary>
    /// <returns>The new entries; those who objected to the same already are passed over.</returns>
    public Result<IReadOnlyList<Opposition>> Add(IEnumerable<Said> said, string by) => Write(said, by, withdraws: false);

    /// <summary>Writes down that a patient no longer objects, whatever said that they do.</summary>
    /// <returns>The entry, or <c>opposition.none</c>.</returns>
    public Result<Opposition> Withdraw(Said said, string by)
    {
        if (Write([said], by, withdraws: true).Failed(out var failure, out var written)) return failure;
        return written is [.., var one] ? one : new Failure(FailureKind.NotFound, "opposition.none", "There is no such opposition in force.");
    }

    /// <param name="Objects">Empty where the record denies nothing any more.</param>
    /// <param name="Patient">Whose record it is: the patient's own key, whosever person they are.</param>
    public sealed record Decided(ConsentVersion Version, long Person, long Patient, IReadOnlyList<Reach> Objects, DateOnly Received);

    /// <summary>What consent records deny whose patient turned out to be another person, as decisions of that person.</summary>
    /// <param name="patients">Whose each record is now, where that is known better than the register knows it.</param>
    /// <param name="personOf">Whose person a patient is now; the patient's own key of one who is nobody else's, or whom nobody knows any more.</param>
    public IReadOnlyList<Decided> Moved(IReadOnlyDictionary<long, long> patients, Func<long, long> personOf)
    {
        var all = List();
        var versions = all.Where(o => o is { Channel: Channel.Fhir, Consent: not null }).GroupBy(o => o.Consent!.Record).ToDictionary(g => g.Key, g => g.Last().Consent!);
        long Patient(Opposition o) => patients.TryGetValue(o.Consent!.Record, out var patient) ? patient : o.Patient ?? o.Person;
        return [.. Last(all).Where(o => o.Consent is not null).GroupBy(o => o.Consent!.Record).Where(g => g.Any(o => personOf(Patient(o)) != o.Person))
            .Select(g => new Decided(versions[g.Key], personOf(Patient(g.Last())), Patient(g.Last()), [.. g.Select(o => o.Reach)], g.Min(o => o.Received)))];
    }

    /// <summary>Writes down that what somebody said by hand of one of several patients who are one person holds for each of them: nobody knows which of them it was that objected.</summary>
    /// <param name="patients">By key, the keys of all patients who are that person.</param>
    /// <returns>The new entries.</returns>
    public Result<IReadOnlyList<Opposition>> Carry(IReadOnlyDictionary<long, IReadOnlyList<long>> patients, string by) =>
        Add(InForce().Where(o => o.Consent is null && patients.ContainsKey(o.Person)).Select(o => new Said(o.Person, o.Reach, o.Channel, o.Received, o.Proof) { Patients = patients[o.Person] }), by);

    /// <summary>Follows consent records: adds what a record denies, and withdraws what the same record denied in an earlier version and no longer does. A record that is not among them keeps what it said,
    /// and so does one whose version is known: what a person withdrew by hand stays withdrawn until the record itself changes.</summary>
    /// <returns>The new entries.</returns>
    public Result<IReadOnlyList<Opposition>> Follow(IEnumerable<Decided> decided, string by)
    {
        lock (gate)
        {
            using var transaction = Database.BeginWrite(connection);
            var all = journal.Read(transaction);
            var held = Last(all).Where(o => o.Consent is not null).Select(Of).ToHashSet();
            var known = all.Where(o => o is { Channel: Channel.Fhir, Consent: not null }).ToLookup(o => o.Consent!.Record);
            var now = clock.GetUtcNow();
            var today = DateOnly.FromDateTime(now.UtcDateTime);
            var written = new List<Opposition>();
            void Append(Decided one, long person, Reach reach, bool withdraws)
            {
                var entry = new Opposition(all.Count + written.Count + 1, withdraws, person, reach, Channel.Fhir, one.Received > today ? today : one.Received, $"consent_record:{one.Version.Record}", now, by, one.Version, one.Patient == person ? null : one.Patient);
                written.Add(entry);
                journal.Append(transaction, entry.Number, entry);
            }
            foreach (var one in decided)
            {
                var wanted = one.Objects.Select(r => (one.Person, Reach: r)).ToHashSet();
                var said = known[one.Version.Record].GroupBy(o => (o.Person, o.Reach)).Select(g => g.Last()).ToList();
                var saidNow = said.Where(o => !o.Withdraws).Select(o => (o.Person, o.Reach)).ToHashSet();
                var newer = said.Count == 0 ? 1 : one.Version.CompareTo(said.MaxBy(o => o.Number)!.Consent!);
                if (newer < 0 || (newer == 0 && wanted.SetEquals(saidNow))) continue;
                // Whosever person the patient is by now: what was withdrawn by hand stays so in the same version.
                if (newer == 0) wanted.RemoveWhere(w => all.FindLast(o => o.Consent?.Record == one.Version.Record && o.Reach == w.Reach) is { Withdraws: true, Channel: not Channel.Fhir });
                foreach (var (person, reach) in saidNow.Except(wanted))
                    if (held.Contains((person, reach, one.Version.Record))) Append(one, person, reach, withdraws: true);
                foreach (var (person, reach) in wanted)
                    if (!held.Contains((person, reach, one.Version.Record))) Append(one, person, reach, withdraws: false);
            }
            transaction.Commit();
            return written;
        }
    }

    /// <returns>Every entry, oldest first.</returns>
    /// <exception cref="FailureException"><c>opposition.tampered</c>.</exception>
    public IReadOnlyList<Opposition> List()
    {
        lock (gate) return journal.Read();
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
            var all = journal.Read(transaction);
            var now = clock.GetUtcNow();
            var today = DateOnly.FromDateTime(now.UtcDateTime);
            var held = Last(all).Select(Of).ToHashSet();
            var written = new List<Opposition>();
            foreach (var one in said)
            {
                // A day of grace: it may be tomorrow already where the patient is.
                if (one.Received > today.AddDays(1)) return new Failure(FailureKind.Invalid, "opposition.received-later", "An opposition cannot be received after today.");
                if (one.Proof.Length > 300) return new Failure(FailureKind.Invalid, "opposition.proof-long", "A proof is a reference of at most 300 characters.");
                if (one.Channel == Channel.Fhir) return new Failure(FailureKind.Invalid, "opposition.channel-fhir", "The channel fhir is for what a Consent says, when it is loaded: name the way the patient said it.");
                void Append(long person, ConsentVersion? consent, long? patient)
                {
                    var entry = new Opposition(all.Count + written.Count + 1, withdraws, person, one.Reach, one.Channel, one.Received, one.Proof, now, by, consent, patient);
                    written.Add(entry);
                    journal.Append(transaction, entry.Number, entry);
                }
                long[] persons = [one.Person, .. one.Patients.Where(p => p != one.Person)];
                if (!withdraws)
                {
                    foreach (var person in persons)
                        if (held.Add((person, one.Reach, 0))) Append(person, null, null);
                    continue;
                }
                foreach (var lifted in Last(all).Where(o => persons.Contains(o.Person) && o.Reach == one.Reach && held.Remove(Of(o)))) Append(lifted.Person, lifted.Consent, lifted.Patient);
            }
            transaction.Commit();
            return written;
        }
    }

    /// <summary>Entries of which the last holds.</summary>
    static (long Person, Reach Reach, long Record) Of(Opposition o) => (o.Person, o.Reach, o.Consent?.Record ?? 0);

    static List<Opposition> Last(IReadOnlyList<Opposition> all) => [.. all.GroupBy(Of).Select(g => g.Last()).Where(o => !o.Withdraws).OrderBy(o => o.Number)];
}
