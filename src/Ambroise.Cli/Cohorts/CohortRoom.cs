using Ambroise.Cli.Frame;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Describe;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Disclosure;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;

namespace Ambroise.Cli.Cohorts;

/// <summary>What answering a definition needs: a tenant's release behind the door, the vocabulary, the engine.</summary>
sealed class CohortRoom : IDisposable
{
    readonly OpenTenant tenant;
    readonly OpenRelease release;
    readonly CohortEngine engine;
    readonly ConceptGraph vocabulary;

    CohortRoom(OpenTenant tenant, OpenRelease release, CohortEngine engine, ConceptGraph vocabulary) => (this.tenant, this.release, this.engine, this.vocabulary) = (tenant, release, engine, vocabulary);

    public int Release => release.Manifest.Release;

    /// <param name="memoryBytes">Half for decoded columns, a quarter for picked events.</param>
    public static Result<CohortRoom> Open(Session session, string id, int? release, string purpose, long memoryBytes, Capability capability = Capability.CohortExact)
    {
        if (session.OpenTenant(id, capability).Failed(out var failure, out var tenant)) return failure;
        if (ConceptGraph.Load(session.Home.VocabularyFolder).Failed(out failure, out var vocabulary)
            || tenant.OpenRelease(session.Clock, purpose, release, memoryBytes / 2).Failed(out failure, out var opened))
        {
            tenant.Dispose();
            return failure;
        }
        return new CohortRoom(tenant, opened, new CohortEngine(memoryBytes / 4), vocabulary);
    }

    public CohortResult Count(CohortDefinition definition, CancellationToken cancel) => Recorded(engine.Count(BoundDefinition.Bind(definition, vocabulary), release.Shards, 0, cancel));

    /// <param name="threads">Shards at a time; 0 for one a core.</param>
    public CohortResult Run(CohortDefinition definition, int threads, CancellationToken cancel) =>
        Recorded(engine.Run(BoundDefinition.Bind(definition, vocabulary), release.Shards, threads, cancel));

    /// <summary>Describes a cohort, every core at a shard of its own.</summary>
    /// <param name="rows">In any order; left ascending by patient.</param>
    /// <param name="report">Told how much is done, 0 to 1.</param>
    public CohortDescription Describe(CohortRow[] rows, DescribeOptions options, Action<double> report, CancellationToken cancel)
    {
        Array.Sort(rows, static (a, b) => a.Subject.CompareTo(b.Subject));
        var all = new ShardDescription();
        var done = 0;
        SideBySide.Run(release.Shards, (_, shard) =>
        {
            var one = DescribeShard.Of(shard, rows, options, cancel);
            lock (all) all.Merge(one);
            report((double)Interlocked.Increment(ref done) / release.Shards.Count);
        }, cancel);
        tenant.Record(Outcome.Done, Release, all.Patients);
        return CohortDescription.From(all, options, vocabulary);
    }

    /// <summary>The patients alone, for a count under disclosure control: what the audit then holds is what is shown, for its readers may be those who must not see more.</summary>
    public CohortResult RunToDisclose(CohortDefinition definition, CancellationToken cancel) => engine.Run(BoundDefinition.Bind(definition, vocabulary), release.Shards, 0, cancel);

    public void RecordShown(int? shown) => tenant.Record(Outcome.Done, Release, shown, ("disclosed", shown is null ? "withheld" : "approximate"));

    /// <summary>The audit knows the number before anyone else does.</summary>
    CohortResult Recorded(CohortResult result)
    {
        tenant.Record(Outcome.Done, Release, result.Patients);
        return result;
    }

    /// <summary>The tenant's counts for people without a permit; dispose of them before the room.</summary>
    public Result<SafeCounts> SafeCounts() => Ambroise.Governance.Disclosure.SafeCounts.Open(tenant.Folder, tenant.Keys);

    /// <summary>Every person with what a breakdown is by.</summary>
    public IEnumerable<(long Id, int Gender, int BirthYear)> Persons()
    {
        foreach (var shard in release.Shards)
        {
            if (shard.Table(Cdm54.Person) is not { } persons) continue;
            for (var block = 0; block < (persons.Rows + IShardTable.BlockRows - 1) / IShardTable.BlockRows; block++)
            {
                var ids = persons.Int64(Cdm54.Person["person_id"], block);
                var genders = persons.Int32(Cdm54.Person["gender_concept_id"], block);
                var years = persons.Int32(Cdm54.Person["year_of_birth"], block);
                for (var i = 0; i < ids.Length; i++) yield return (ids[i], genders[i], years[i]);
            }
        }
    }

    public void Dispose()
    {
        release.Dispose();
        tenant.Dispose();
    }
}
