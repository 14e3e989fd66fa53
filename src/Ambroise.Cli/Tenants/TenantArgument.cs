using System.CommandLine;
using Ambroise.Cli.Frame;

namespace Ambroise.Cli.Tenants;

/// <summary>How commands name a tenant: <c>ID</c> for the tenant's own commands, <c>--tenant T</c> for all others.</summary>
static class TenantArgument
{
    public static Argument<string> Make(CommandFrame frame) =>
        new("ID") { Description = frame.Say("The tenant's id: a-z, 0-9 and '-'", "L'identifiant de l'établissement : a-z, 0-9 et « - »") };

    public static Option<string> MakeOption(CommandFrame frame) =>
        new("--tenant", "-t") { Required = true, HelpName = "ID", Description = frame.Say("The tenant's id", "L'identifiant de l'établissement") };
}
