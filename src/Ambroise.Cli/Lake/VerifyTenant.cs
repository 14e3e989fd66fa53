using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Lake.Releases;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise verify</c>: every byte a tenant holds, read and checked.</summary>
static class VerifyTenant
{
    sealed record Shown(string Tenant, bool Sound, int Releases, int Files, long Bytes, long Rows);

    public static Command Command(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("verify", frame.Say("Authenticates every manifest, hashes every file, decrypts and decodes every page, checks keys and persons", "Authentifie chaque manifeste, vérifie chaque fichier, déchiffre chaque page, contrôle clés et personnes")) { tenant },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(tenant), cancel)),
            new Example("ambroise verify --tenant chu", frame.Say("exit code 6 and the place of the first fault, if any", "code de sortie 6 et la place du premier défaut, s'il y en a")));
    }

    static Result<Answer> Run(Session session, string id, CancellationToken cancel)
    {
        using var tenant = session.OpenTenant(id, Capability.LakeVerify).OrThrow();
        var report = session.Terminal.Progress(session.Say("Verifying", "Vérification"), show =>
            Verification.Run(tenant.Lake(session.Clock), new LoadOmop.Now<(int Done, int Of)>(p => show((double)p.Done / p.Of)), cancel));
        if (report.Fault is not null) return report.Fault;
        return Answer.Sentence(new Shown(id, true, report.Releases, report.Files, report.Bytes, report.Rows), session.Say(
            $"Tenant {id} is sound: {report.Releases:release|releases}, {report.Files:file|files}, {report.Rows:row|rows}, {report.Bytes:byte|bytes} read and checked.",
            $"L'établissement {id} est intact : {report.Releases:version|versions}, {report.Files:fichier|fichiers}, {report.Rows:ligne|lignes}, {report.Bytes:octet lu et contrôlé|octets lus et contrôlés}."));
    }
}
