using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Export;
using Ambroise.Sources.Fhir.Mapping;
using Ambroise.Sources.Fhir.Reading;

namespace Ambroise.Sources.Fhir;

/// <summary>What the report tells, and what is kept beside the tables.</summary>
public sealed partial class FhirSource
{
    /// <summary>References of this load's rows to practitioners, organisations and encounters that neither it nor an earlier one brought, or that are none.</summary>
    IEnumerable<FateCount> Unresolved() => unresolved.Where(u => Missing.Contains(u.Key.Means)).GroupBy(u => (u.Key.Type, u.Key.Column))
        .Select(g => new FateCount($"{g.Key.Type}.{g.Key.Column}", "note", "reference-unresolved", g.Sum(u => u.Value))).OrderBy(f => f.Type, StringComparer.Ordinal);

    /// <summary>What these references mean. Once every table was read.</summary>
    HashSet<long> Missing => field ??= FindMissing();

    HashSet<long> FindMissing()
    {
        var missing = unresolved.Keys.Select(u => u.Means).ToHashSet();
        if (missing.Count == 0) return missing;
        foreach (var table in new[] { Cdm54.Provider, Cdm54.CareSite })
            foreach (var batch in earlierRelease!.Rows(table, table.Columns[table.Key].Name))
                foreach (var known in ((Int64Column)batch.Columns[table.Key]).Values)
                    if (!gone.Contains(known)) missing.Remove(known);
        missing.ExceptWith(earlierRelease!.Known([.. missing.Order()]).Where(known => !index.TryFind(known, out var at) || !LeavesNothing(at)));
        missing.UnionWith(nobodysStays);
        return missing;
    }

    /// <summary>An encounter of this load that makes no visit: it was cancelled, say, or could not be read; or what its source deleted.</summary>
    bool LeavesNothing(int seq) => index.Type(seq) == "Encounter" ? !index.IsStanding(seq) && index.Outcome(seq) != Fate.Used.Reason : index.Outcome(seq) == "deleted";

    /// <summary>Counts the servers that come beside another: ids are of one server, and those of two mix their patients.</summary>
    void TellServers()
    {
        using var keys = new RowKeys(key);
        if (ExportRequest.IsAddress(folder.Name)) servers.Add(keys.OfServer(folder.Name));
        servers.ExceptWith(kept.Servers);
        Note(FhirReport.Servers, FhirReport.OtherServer, servers.Count - (kept.Servers.Count == 0 ? 1 : 0));
    }

    /// <summary>The texts of what waits: of those that wait for a patient from the files they came in, read again, for while the input was read nobody knew that they would.</summary>
    public IEnumerable<KeptRecord> Waiting(CancellationToken cancel)
    {
        var wanted = index.Tally(0, index.Count).Where(t => ResourceIndex.Waits(t.Outcome)).Sum(t => t.Count) + heldBack.Count;
        if (wanted == 0) yield break;
        using var buffers = new InputBuffers();
        var given = new HashSet<(long Key, ulong Text)>();
        bool IsWanted(long record, ResourceVersion version) => heldBack.Contains((record, version.Hash)) ? given.Add((record, version.Hash))
            : index.TryGet(record, out var seq, out var newest) && newest.IsOf(version) && ResourceIndex.Waits(index.Outcome(seq)) && given.Add((record, 0));
        using var mapper = new ChunkMapper(new(key), codes, options, definitions) { Collects = (of, version, _) => IsWanted(of.Key, version) };
        var again = folder.Files.Where(f => waitIn.Contains(f.Name)).SelectMany(f => ChunkReader.Read(f, buffers, static _ => { }, cancel)).Select(mapper.Map)
            .Concat(WaitingResources.Portions(held.Concat(Followers()).Concat(earlierWaiting.Select(WaitingResources.Read))).Select(mapper.Map));
        foreach (var resource in again.SelectMany(c => c.Collected))
        {
            cancel.ThrowIfCancellationRequested();
            yield return WaitingResources.Keep(resource, PersonOf(resource.Person));
        }
        if (given.Count != wanted) throw new Failure(FailureKind.Unavailable, "source.changed", $"{Description} changed while it was read: nothing was loaded. Load it again once nobody writes to it.").AsException();
    }

    public IEnumerable<KeptRecord> Decisions() => changes.Decisions.Select(d => d.ToRecord());

    /// <summary>Which patients became one person, another's, or one of their own. Once the load has begun.</summary>
    public IReadOnlyList<PersonDecision> PersonDecisions => changes.Decisions;

    /// <summary>Consent records of earlier loads that are another person's from now on, and which patient's.</summary>
    public IReadOnlyDictionary<long, long> MovedConsents => changes.Consents;

    /// <summary>The patients who are another one's person from now on. Once the load has begun.</summary>
    public IEnumerable<OnePerson> Merged => links.Merged.Select(patient => new OnePerson(patient, links.Person(patient)));

    public byte[] Report()
    {
        foreach (var decided in changes.Decisions.GroupBy(d => $"{d.What}: {d.Because}")) Note("Patient.person", decided.Key, decided.LongCount());
        Note("Patient.person", "traits-differ", traits.Contradictions);
        foreach (var followed in changes.FollowedNames.GroupBy(f => f.Whose)) Note(followed.Key, "follows-name", followed.LongCount());
        foreach (var (kind, count) in folder.NotRead) Note($"file.{kind}", "not-read", count);
        // What waited before and waits again was counted by the load that brought it.
        var waited = index.Tally(waitedFrom, waitedTo).ToList();
        foreach (var t in waited.Where(t => ResourceIndex.Waits(t.Outcome)))
        {
            Note($"{t.Type}.waiting", "still-waiting", t.Count);
            taken[t.Type] -= t.Count;
        }
        foreach (var (type, count) in taken) Note($"{type}.waiting", "taken-up", count);
        foreach (var t in index.Tally(waitedTo, followedTo).Where(t => t.Outcome is not ("superseded" or "duplicate" or ResourceIndex.Older or ResourceIndex.Unchanged)))
            Note($"{t.Type}.day", t.Outcome == ResourceIndex.Used || ResourceIndex.Waits(t.Outcome) ? "follows-stay" : $"follows-stay: {t.Outcome}", t.Count);
        var late = index.Tally(followedTo, index.Count).ToList();
        foreach (var t in late.Where(t => t.Outcome == Recoding.Outcome)) Note($"{t.Type}.code", Recoding.Outcome, t.Count);
        var fates = index.Tally(0, waitedFrom).Concat(late.Where(t => t.Outcome != Recoding.Outcome)).Concat(waited.Where(t => !ResourceIndex.Waits(t.Outcome))).Select(t => new FateCount(t.Type, t.Outcome is ResourceIndex.Used or "merged" ? "used" : t.Outcome == "key-collision" ? "quarantined" : "set-aside", t.Outcome, t.Count))
            .Concat(counts.Where(c => !c.Key.Type.Contains('.')).Select(c => new FateCount(c.Key.Type, "set-aside", c.Key.Reason, c.Value)))
            .Concat(refused.Counts.Where(r => r.Key.Type != "file").Select(r => new FateCount(r.Key.Type, "quarantined", r.Key.Field is null ? r.Key.Reason : $"{r.Key.Field}: {r.Key.Reason}", r.Value)))
            .GroupBy(f => (f.Type, f.Kind, f.Reason)).Select(g => g.First() with { Count = g.Sum(f => f.Count) })
            .OrderBy(f => f.Type, StringComparer.Ordinal).ThenByDescending(f => f.Kind, StringComparer.Ordinal).ThenBy(f => f.Reason, StringComparer.Ordinal);
        var notes = counts.Where(c => c.Key.Type.Contains('.')).Select(c => new FateCount(c.Key.Type, "note", c.Key.Reason, c.Value))
            .Concat(Unresolved())
            .Concat(refused.Counts.Where(r => r.Key.Type == "file").GroupBy(r => r.Key.Reason).Select(g => new FateCount("file", "quarantined", g.Key, g.Sum(r => r.Value))));
        return new FhirReport(1, typeof(FhirSource).Assembly.GetName().Version?.ToString() ?? "", "5.4", Guide, codes.Version, clock.GetUtcNow(), options.Zone?.Id ?? "as written", [.. options.Intents],
            [.. fates], [.. rowCounts.Select(r => new TypeRows(r.Key.Type, r.Key.Table, r.Value)).OrderBy(r => r.Type, StringComparer.Ordinal).ThenBy(r => r.Table, StringComparer.Ordinal)],
            [.. unmapped.Select(u => new UnmappedCount(u.Key.Vocabulary, u.Key.Code, u.Value.Display, u.Key.Table, u.Value.Count)).OrderByDescending(u => u.Count).ThenBy(u => u.Vocabulary, StringComparer.Ordinal).ThenBy(u => u.Code, StringComparer.Ordinal)],
            [.. notes]).ToJson();
    }
}
