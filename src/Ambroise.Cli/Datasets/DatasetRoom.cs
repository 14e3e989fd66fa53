using System.Text;
using System.Text.Json;
using Ambroise.Cli.Frame;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Governance.Access;
using Ambroise.Governance.Datasets;
using Ambroise.Governance.Projects;
using Ambroise.Lake.Reading;

namespace Ambroise.Cli.Datasets;

/// <summary>What a build needs: the permit, its release behind the door, its population run through the cohort engine, and the plan that follows.</summary>
sealed class DatasetRoom : IDisposable
{
    /// <summary>HIV infection, mental disorder, substance abuse: diagnoses that harm whoever they are guessed of. Standard concepts of the OMOP vocabulary.</summary>
    public static readonly int[] SensitiveByDefault = [439_727, 432_586, 4_279_309];

    DatasetRoom(OpenTenant tenant, OpenRelease release, DatasetShelf shelf, DatasetPlan plan, IReadOnlyList<Permitted> population, IReadOnlyList<int[]> sensitive) =>
        (Tenant, Release, Shelf, Plan, Population, Sensitive) = (tenant, release, shelf, plan, population, sensitive);

    public OpenTenant Tenant { get; }
    public OpenRelease Release { get; }
    public DatasetShelf Shelf { get; }
    public DatasetPlan Plan { get; }
    public IReadOnlyList<Permitted> Population { get; }
    public IReadOnlyList<int[]> Sensitive { get; }

    public static DatasetShelf ShelfOf(Session session, OpenTenant tenant) => new(tenant.Folder, tenant.Keys, session.Clock);

    /// <param name="memoryBytes">Most that the process may take; of its heap a sixth is for decoded columns, and first a sixth for picked events.</param>
    public static Result<DatasetRoom> Open(Session session, string id, string project, DatasetOptions options, IReadOnlyList<int> sensitive, long memoryBytes, CancellationToken cancel)
    {
        if (session.OpenTenant(id, Capability.DatasetBuild, project).Failed(out var failure, out var tenant)) return failure;
        OpenRelease? release = null;
        var memory = new MemoryBound(memoryBytes);
        memory.ApplyToHeap();
        try
        {
            if (tenant.PermitForData(member: null).Failed(out failure, out var permit)
                || CohortDefinition.Parse(Encoding.UTF8.GetBytes(permit.Request.Population.GetRawText())).Failed(out failure, out var definition)
                || ConceptGraph.Load(session.Home.VocabularyFolder).Failed(out failure, out var vocabulary)
                || tenant.OpenRelease(session.Clock, "dataset.build", permit.Release, memory.Heap / 6, permit.Request.Purpose).Failed(out failure, out release)
                || DatasetPlan.Of(permit, release.Manifest, options, lines => Resolve(vocabulary, lines)).Failed(out failure, out var plan))
            {
                release?.Dispose();
                tenant.Dispose();
                return failure;
            }
            var rows = new CohortEngine(memory.Heap / 6).Run(BoundDefinition.Bind(definition, vocabulary), release.Shards, 0, cancel).Rows;
            // Rows ascend by patient and start: the first is the patient's entry.
            var population = rows.Where((r, i) => i == 0 || rows[i - 1].Subject != r.Subject).Select(r => new Permitted(r.Subject, r.Start, r.End)).ToList();
            int[][] groups = [.. sensitive.Select(s => vocabulary.Resolve([new(s, Descendants: true, Mapped: false, Excluded: false)]).ToArray()).Where(g => g.Length > 0)];
            return new DatasetRoom(tenant, release, ShelfOf(session, tenant), plan, population, groups);
        }
        catch
        {
            release?.Dispose();
            tenant.Dispose();
            throw;
        }
    }

    /// <summary>Lines of a concept set, read and resolved as in a cohort definition.</summary>
    static Result<IReadOnlyList<int>> Resolve(ConceptGraph vocabulary, JsonElement lines)
    {
        var around = $$$"""{"ConceptSets":[{"id":0,"name":"","expression":{"items":{{{lines.GetRawText()}}}}}],"PrimaryCriteria":{"CriteriaList":[{"ConditionOccurrence":{}}]}}""";
        if (CohortDefinition.Parse(Encoding.UTF8.GetBytes(around)).Failed(out var failure, out var definition)) return failure with { Detail = $"In a category's concepts: {failure.Detail}" };
        return vocabulary.Resolve(definition.ConceptSet(0)!.Items).ToArray();
    }

    public void Dispose()
    {
        Release.Dispose();
        Tenant.Dispose();
    }
}
