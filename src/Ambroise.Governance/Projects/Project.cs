using System.Collections.Immutable;
using Ambroise.Governance.Access;

namespace Ambroise.Governance.Projects;

/// <summary>Where a project's latest request stands.</summary>
public enum ProjectState { Draft, Submitted, Reviewed, Approved, Refused, Active, Suspended, Closed }

/// <summary>What moves a project on.</summary>
public enum ProjectStep { Create, Submit, Opinion, Approve, Refuse, Activate, Amend, Suspend, Resume, Close }

/// <summary>The opinion of the scientific and ethics committee.</summary>
public enum Opinion { Favourable, Reserved, Unfavourable }

/// <summary>Which step leads from where to where, and who may take it: docs/projects.md shows the same table, and a test holds the two together.</summary>
/// <param name="From">States it is taken from; empty for the first.</param>
public sealed record StepRule(ProjectStep Step, ImmutableArray<ProjectState> From, ProjectState To, Capability By)
{
    public static readonly ImmutableArray<StepRule> All =
    [
        new(ProjectStep.Create, [], ProjectState.Draft, Capability.ProjectRequest),
        new(ProjectStep.Submit, [ProjectState.Draft], ProjectState.Submitted, Capability.ProjectRequest),
        new(ProjectStep.Opinion, [ProjectState.Submitted, ProjectState.Reviewed], ProjectState.Reviewed, Capability.ProjectOpinion),
        new(ProjectStep.Approve, [ProjectState.Reviewed], ProjectState.Approved, Capability.ProjectDecide),
        new(ProjectStep.Refuse, [ProjectState.Submitted, ProjectState.Reviewed], ProjectState.Refused, Capability.ProjectDecide),
        new(ProjectStep.Activate, [ProjectState.Approved], ProjectState.Active, Capability.ProjectDecide),
        new(ProjectStep.Amend, [ProjectState.Draft, ProjectState.Submitted, ProjectState.Reviewed, ProjectState.Refused, ProjectState.Active], ProjectState.Draft, Capability.ProjectRequest),
        new(ProjectStep.Suspend, [ProjectState.Draft, ProjectState.Submitted, ProjectState.Reviewed, ProjectState.Approved, ProjectState.Active], ProjectState.Suspended, Capability.ProjectDecide),
        new(ProjectStep.Resume, [ProjectState.Suspended], ProjectState.Active, Capability.ProjectDecide),
        new(ProjectStep.Close, [ProjectState.Draft, ProjectState.Submitted, ProjectState.Reviewed, ProjectState.Approved, ProjectState.Refused, ProjectState.Active, ProjectState.Suspended], ProjectState.Closed, Capability.ProjectDecide),
    ];

    public static StepRule Of(ProjectStep step) => All.Single(r => r.Step == step);
}

/// <summary>A step that was taken.</summary>
/// <param name="Reason">Why: required of opinions, decisions, suspensions and closings.</param>
/// <param name="Opinion">Of the committee, where the step is one.</param>
/// <param name="Version">The version of the request it is about.</param>
public sealed record ProjectEvent(DateTimeOffset At, string Actor, ProjectStep Step, string? Reason, Opinion? Opinion, int Version);

/// <summary>A project: its requests, what was decided, and the permits that came of it.</summary>
/// <param name="Request">The latest.</param>
/// <param name="Version">Of the latest request; 1 or more.</param>
/// <param name="Permit">The latest, whether in force or not; null before the first.</param>
public sealed record Project(string Id, ProjectState State, ProjectRequest Request, int Version, ImmutableArray<ProjectEvent> Events, SignedPermit? Permit);
