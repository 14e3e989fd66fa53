using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Ambroise.Governance.Control;
using Ambroise.Governance.Datasets;
using Ambroise.Vault;

namespace Ambroise.Governance.Projects;

/// <summary>A tenant's projects. Steps are added and never changed; a project is what its steps made of it.</summary>
public sealed class ProjectBook
{
    readonly DbConnection connection;
    readonly Lock gate;
    readonly TimeProvider clock;
    readonly string tenant;

    internal ProjectBook(DbConnection connection, Lock gate, TimeProvider clock, string tenant) => (this.connection, this.gate, this.clock, this.tenant) = (connection, gate, clock, tenant);

    /// <returns>Every project, in order of id.</returns>
    public IReadOnlyList<Project> List()
    {
        lock (gate)
            return [.. connection.Query(static r => r.GetString(0), "select distinct project from project_event where tenant = @tenant order by project", ("@tenant", tenant)).Select(id => Find(id).OrThrow())];
    }

    /// <returns>The project, or <c>project.unknown</c>.</returns>
    public Result<Project> Find(string id)
    {
        lock (gate)
        {
            var events = connection.Query(ReadEvent, "select at, actor, step, reason, opinion, version, state from project_event where tenant = @tenant and project = @project order by number", ("@tenant", tenant), ("@project", id));
            if (events.Count == 0) return new Failure(FailureKind.NotFound, "project.unknown", $"There is no project '{id}' in tenant '{tenant}'.");
            var version = events[^1].Event.Version;
            var request = connection.Query(static r => r.GetString(0), "select request from project_request where tenant = @tenant and project = @project and version = @version",
                ("@tenant", tenant), ("@project", id), ("@version", version));
            var permit = connection.Query(static r => new SignedPermit(r.GetString(0), r.GetString(1)), "select permit, signature from permit where tenant = @tenant and project = @project order by version desc limit 1",
                ("@tenant", tenant), ("@project", id)).FirstOrDefault();
            if (ProjectRequest.Parse(Encoding.UTF8.GetBytes(request.Single())).Failed(out var failure, out var parsed)) return failure;
            return new Project(id, events[^1].State, parsed, version, [.. events.Select(e => e.Event)], permit);
        }
    }

    /// <summary>Makes a project of a request.</summary>
    /// <param name="actor">One of the project's members.</param>
    /// <returns>The project; or <c>project.id-invalid</c>, <c>project.not-a-member</c>, <c>project.exists</c>, <c>project.request-invalid</c>, or as <see cref="DatasetPlan.Refuses"/>.</returns>
    public Result<Project> Create(string id, ProjectRequest request, string actor)
    {
        if (id.Length is < 1 or > 40 || id[0] == '-' || !id.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            return new Failure(FailureKind.Invalid, "project.id-invalid", "A project's id is 1 to 40 of a-z, 0-9 and '-', starting with a letter or a digit.");
        if (!request.Members.Contains(actor)) return NotTheirs(id, actor);
        if (Refuses(request) is { } refused) return refused;
        lock (gate)
        {
            if (!Find(id).Failed(out _, out _)) return new Failure(FailureKind.Conflict, "project.exists", $"There is a project '{id}' already.");
            Write(id, 0, new(clock.GetUtcNow(), actor, ProjectStep.Create, null, null, 1), ProjectState.Draft, request);
            return Find(id);
        }
    }

    /// <summary>What would come out only after the committee's work: no dataset could be built of it.</summary>
    Failure? Refuses(ProjectRequest request) => request.RetainUntil < DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime)
        ? ProjectRequest.Invalid("$.retainUntil", "is past: no permit would hold a day")
        : DatasetPlan.Refuses(request);

    /// <summary>Takes a step.</summary>
    /// <param name="request">For an amendment: the request as it is to be.</param>
    /// <returns>The project after it; or <c>project.step-refused</c> where its state does not allow it, <c>project.not-a-member</c>, <c>project.own-request</c>, <c>project.reason-missing</c>, <c>project.opinion-missing</c>.</returns>
    public Result<Project> Take(string id, ProjectStep step, string actor, string? reason = null, Opinion? opinion = null, ProjectRequest? request = null)
    {
        var rule = StepRule.Of(step);
        lock (gate)
        {
            if (Find(id).Failed(out var failure, out var project)) return failure;
            if (!rule.From.Contains(project.State))
                return new Failure(FailureKind.Conflict, "project.step-refused", $"Project '{id}' is {project.State.ToString().ToLowerInvariant()}: {step.ToString().ToLowerInvariant()} needs it to be {string.Join(" or ", rule.From).ToLowerInvariant()}.");
            var isMember = project.Request.Members.Contains(actor);
            if (rule.By == Access.Capability.ProjectRequest && !isMember) return NotTheirs(id, actor);
            // Nobody judges what they asked for themselves, whatever roles they have.
            if (rule.By is Access.Capability.ProjectOpinion or Access.Capability.ProjectDecide && step is not (ProjectStep.Suspend or ProjectStep.Close) && isMember)
                return new Failure(FailureKind.Forbidden, "project.own-request", $"'{actor}' is a member of project '{id}' and cannot judge it.");
            if (step is ProjectStep.Opinion or ProjectStep.Approve or ProjectStep.Refuse or ProjectStep.Suspend or ProjectStep.Close && string.IsNullOrWhiteSpace(reason))
                return new Failure(FailureKind.Invalid, "project.reason-missing", "Say why: --reason \"…\".");
            if (step == ProjectStep.Approve && project.Events.LastOrDefault(e => e.Step == ProjectStep.Opinion && e.Version == project.Version)?.Opinion is not Opinion.Favourable)
                return new Failure(FailureKind.Conflict, "project.opinion-missing", $"The committee's latest opinion on project '{id}' is not favourable: it cannot be approved.");
            if (request is not null && Refuses(request) is { } refused) return refused;
            var version = step == ProjectStep.Amend ? project.Version + 1 : project.Version;
            // Back to where it was when it was suspended.
            var state = step == ProjectStep.Resume ? Before(project) : rule.To;
            Write(id, project.Events.Length, new(clock.GetUtcNow(), actor, step, reason, opinion, version), state, step == ProjectStep.Amend ? request : null);
            return Find(id);
        }
    }

    /// <summary>Activates an approved project: its permit is signed and kept.</summary>
    /// <param name="release">The release that datasets are built from.</param>
    /// <param name="until">The permit's last day.</param>
    /// <returns>The permit, or as <see cref="Take"/>; <c>permit.dates-invalid</c>.</returns>
    public Result<Permit> Activate(string id, string actor, int release, DateOnly until, SigningKey key)
    {
        lock (gate)
        {
            if (Find(id).Failed(out var failure, out var project)) return failure;
            var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
            if (until < today || until > project.Request.RetainUntil) return new Failure(FailureKind.Invalid, "permit.dates-invalid", $"A permit ends between today and {project.Request.RetainUntil:yyyy-MM-dd}, the day the data must be gone.");
            var permit = new Permit(tenant, id, project.Version, release, project.Request, today, until, clock.GetUtcNow(), actor);
            if (Take(id, ProjectStep.Activate, actor).Failed(out failure, out _)) return failure;
            var signed = permit.Sign(key);
            connection.Execute("insert into permit (tenant, project, version, permit, signature) values (@tenant, @project, @version, @permit, @signature)", null,
                ("@tenant", tenant), ("@project", id), ("@version", permit.Version), ("@permit", signed.Text), ("@signature", signed.Signature));
            return permit;
        }
    }

    /// <summary>The permit that lets an actor have the project's data now.</summary>
    /// <param name="actor">Must be a member; null where the data is only built, not opened.</param>
    /// <returns>The permit; or <c>project.unknown</c>, <c>permit.missing</c>, <c>permit.tampered</c>, <c>permit.suspended</c>, <c>permit.closed</c>, <c>permit.expired</c>, <c>project.not-a-member</c>.</returns>
    public Result<Permit> InForce(string id, string? actor, SigningKey key)
    {
        if (Find(id).Failed(out var failure, out var project)) return failure;
        if (project.Permit is not { } signed) return new Failure(FailureKind.Forbidden, "permit.missing", $"Project '{id}' has no permit: no permit, no data.");
        if (signed.Open(key).Failed(out failure, out var permit)) return failure;
        if (permit.Tenant != tenant || permit.Project != id) return new Failure(FailureKind.Tampered, "permit.tampered", "A permit is not the one that was signed for this project.");
        if (project.State == ProjectState.Suspended) return new Failure(FailureKind.Forbidden, "permit.suspended", $"Project '{id}' is suspended.");
        if (project.State == ProjectState.Closed) return new Failure(FailureKind.Forbidden, "permit.closed", $"Project '{id}' is closed.");
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        if (today > permit.Until) return new Failure(FailureKind.Forbidden, "permit.expired", $"The permit of project '{id}' ended on {permit.Until:yyyy-MM-dd}.");
        return actor is not null && !permit.Request.Members.Contains(actor) ? NotTheirs(id, actor) : permit;
    }

    /// <summary>Where the last step that was neither a suspension nor its end had led.</summary>
    static ProjectState Before(Project project) => StepRule.Of(project.Events.Last(static e => e.Step is not (ProjectStep.Suspend or ProjectStep.Resume)).Step).To;

    void Write(string id, int number, ProjectEvent step, ProjectState state, ProjectRequest? request)
    {
        using var transaction = Database.BeginWrite(connection);
        if (request is not null)
            connection.Execute("insert into project_request (tenant, project, version, request) values (@tenant, @project, @version, @request)", transaction,
                ("@tenant", tenant), ("@project", id), ("@version", step.Version), ("@request", request.ToJson()));
        connection.Execute("insert into project_event (tenant, project, number, at, actor, step, reason, opinion, version, state) values (@tenant, @project, @number, @at, @actor, @step, @reason, @opinion, @version, @state)", transaction,
            ("@tenant", tenant), ("@project", id), ("@number", number), ("@at", step.At.ToString("O", CultureInfo.InvariantCulture)), ("@actor", step.Actor), ("@step", step.Step.ToString()),
            ("@reason", step.Reason ?? ""), ("@opinion", step.Opinion?.ToString() ?? ""), ("@version", step.Version), ("@state", state.ToString()));
        transaction.Commit();
    }

    static (ProjectEvent Event, ProjectState State) ReadEvent(DbDataReader row) =>
        (new(DateTimeOffset.Parse(row.GetString(0), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind), row.GetString(1), Enum.Parse<ProjectStep>(row.GetString(2)), row.GetString(3) is { Length: > 0 } reason ? reason : null,
            row.GetString(4) is { Length: > 0 } opinion ? Enum.Parse<Opinion>(opinion) : null, row.GetInt32(5)), Enum.Parse<ProjectState>(row.GetString(6)));

    static Failure NotTheirs(string id, string actor) => new(FailureKind.Forbidden, "project.not-a-member", $"'{actor}' is not a member of project '{id}'.");
}
