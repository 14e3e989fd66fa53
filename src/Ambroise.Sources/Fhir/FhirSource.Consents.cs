using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>What Consents say of uses other than care, each in its last version that says something: a draft says nothing, nor that the source deleted it, and what was said before holds, in whatever loads they come.</summary>
public sealed partial class FhirSource
{
    static readonly HashSet<string> ConsentType = ["Consent"];

    readonly List<(int Seq, ulong Text, ConsentDecision Decision)> consents = [];

    /// <summary>The last that each Consent of this load says, where no later one was heard.</summary>
    readonly List<ConsentDecision> heard = [];

    /// <summary>Of Consents that stand in a version that says nothing, the last that said something and was heard.</summary>
    readonly SortedDictionary<long, KeptLinks.Version> said = [];

    /// <summary>Versions that are not the last and say something of a patient whom nobody sent: they wait too.</summary>
    /// <remarks>By the hash of their text: of one version there may be two.</remarks>
    readonly HashSet<(long Record, ulong Text)> heldBack = [];

    /// <summary>The numbers of these.</summary>
    readonly HashSet<int> heldBackSeqs = [];

    /// <summary>What the Consents read say; of patients that are known. Once the load has begun.</summary>
    public IReadOnlyList<ConsentDecision> Consents =>
        [.. heard.Select(c => c with { Person = PersonOf(c.Person), Patient = aliases.GetValueOrDefault(c.Person, c.Person) }).Where(c => persons.Contains(c.Person)).OrderBy(c => c.Record)];

    void HearConsents(Lake.Releases.EarlierRelease earlier)
    {
        foreach (var version in kept.Said) said[version.Key] = version;
        if (consents.Count == 0 && !isMerge) return;
        var telling = consents.Select(c => c.Seq).ToHashSet();
        var last = consents.Where(c => index.Outcome(c.Seq) != ResourceIndex.Unchanged).GroupBy(c => c.Decision.Record).ToDictionary(c => c.Key, c => c.MaxBy(c => (c.Decision.Updated, c.Decision.Number, !index.IsDead(c.Seq))));
        // Most Consents there are may be about care, and come again as they were: of these nothing is asked.
        var newest = index.NewestOf(ConsentType, "deleted").Where(n => last.ContainsKey(n.Key) || isMerge && index.Type(n.Seq) == "Consent" && index.Outcome(n.Seq) != ResourceIndex.Unchanged).ToDictionary(n => n.Key, n => n.Seq);
        long[] unsure = [.. newest.Where(n => !telling.Contains(n.Value) || index.IsDead(n.Value)).Select(n => n.Key).Order()];
        var before = new Dictionary<long, (KeptLinks.Version Version, bool Says)>();
        foreach (var batch in earlier.Records(unsure, "source_record_id", "version_at", "version_name", "outcome"))
            for (var row = 0; row < batch.Rows; row++)
            {
                var (record, version) = (batch.Int64("source_record_id").Array[row], Recoding.Version(batch, row));
                before[record] = (new(record, version.Updated, version.Number), batch.Text("outcome").Text(row) is not ("status-draft" or "status-proposed") && !said.ContainsKey(record));
            }
        foreach (var (record, seq) in newest)
        {
            var earlierSaid = said.TryGetValue(record, out var known) ? known : before.TryGetValue(record, out var one) && one.Says ? one.Version : default(KeptLinks.Version?);
            var isLater = last.TryGetValue(record, out var says) && (!index.IsDead(says.Seq) || earlierSaid is not { } heardOf || (says.Decision.Updated, says.Decision.Number).CompareTo((heardOf.Updated, heardOf.Number)) > 0);
            var isKnown = isLater && persons.Contains(PersonOf(says.Decision.Person));
            if (isLater) heard.Add(says.Decision);
            if (isLater && !isKnown && index.IsDead(says.Seq) && heldBack.Add((record, says.Text))) heldBackSeqs.Add(says.Seq);
            var isSilent = index.IsStanding(seq) ? said.ContainsKey(record) || !before.TryGetValue(record, out var stands) || !stands.Says : !telling.Contains(seq);
            if (!isSilent) said.Remove(record);
            else if (isKnown) said[record] = new(record, says.Decision.Updated, says.Decision.Number);
            else if (earlierSaid is { } stays) said[record] = stays;
        }
    }
}
