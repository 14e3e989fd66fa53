using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Lake.Reading;

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
    public static Result<CohortRoom> Open(Session session, string id, int? release, string purpose, long memoryBytes)
    {
        if (session.OpenTenant(id).Failed(out var failure, out var tenant)) return failure;
        if (ConceptGraph.Load(session.Home.VocabularyFolder).Failed(out failure, out var vocabulary)
            || Door.Open(tenant.Lake(session.Clock), new Scope(id, Environment.UserName, null, purpose, release), (_, _) => { }, memoryBytes / 2).Failed(out failure, out var opened))
        {
            tenant.Dispose();
            return failure;
        }
        return new CohortRoom(tenant, opened, new CohortEngine(memoryBytes / 4), vocabulary);
    }

    public CohortResult Count(CohortDefinition definition, CancellationToken cancel) => engine.Count(BoundDefinition.Bind(definition, vocabulary), release.Shards, 0, cancel);

    /// <param name="threads">Shards at a time; 0 for one a core.</param>
    public CohortResult Run(CohortDefinition definition, int threads, CancellationToken cancel) => engine.Run(BoundDefinition.Bind(definition, vocabulary), release.Shards, threads, cancel);

    public void Dispose()
    {
        release.Dispose();
        tenant.Dispose();
    }
}
