using System.Text.Json;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Projects;

namespace Ambroise.Cli.Datasets;

/// <summary>The permit that lets a project have data today.</summary>
static class PermitInForce
{
    static readonly JsonSerializerOptions Style = new(JsonSerializerDefaults.Web);

    /// <returns>The permit; or <c>permit.missing</c>, <c>permit.tampered</c>, <c>permit.other-project</c>, <c>permit.not-in-force</c>.</returns>
    public static Result<Permit> Find(OpenTenant tenant, string project, FileInfo file, DateOnly today)
    {
        if (!file.Exists) return new Failure(FailureKind.Forbidden, "permit.missing", $"Project {project} has no permit here: no permit, no data.");
        SignedPermit? signed;
        try
        {
            signed = JsonSerializer.Deserialize<SignedPermit>(File.ReadAllBytes(file.FullName), Style);
        }
        catch (JsonException)
        {
            signed = null;
        }
        if (signed is not { Text: not null, Signature: not null }) return new Failure(FailureKind.Invalid, "permit.invalid", $"{file.Name} is not a signed permit.");
        if (signed.Open(tenant.Signature).Failed(out var failure, out var permit)) return failure;
        if (permit.Tenant != tenant.Id.Value || permit.Project != project) return new Failure(FailureKind.Forbidden, "permit.other-project", $"The permit is not one of project {project} in tenant {tenant.Id}.");
        return today < permit.From || today > permit.Until || today > permit.Request.RetainUntil
            ? new Failure(FailureKind.Forbidden, "permit.not-in-force", $"The permit of project {project} is in force from {permit.From:yyyy-MM-dd} to {permit.Until:yyyy-MM-dd}, and its data until {permit.Request.RetainUntil:yyyy-MM-dd}.")
            : permit;
    }
}
