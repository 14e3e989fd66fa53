using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Access;
using Ambroise.Vault;

namespace Ambroise.Cli.Tenants;

/// <summary><c>ambroise tenant rotate-key</c>: a new tenant key, and a new passphrase where one is given; data stays as it is.</summary>
static class RotateKey
{
    sealed record Shown(string Tenant, int KeyGroups, bool PassphraseChanged);

    public static Command Command(CommandFrame frame)
    {
        var id = TenantArgument.Make(frame);
        var file = new Option<FileInfo?>("--new-passphrase-file") { HelpName = "FILE", Description = frame.Say("Holds the new passphrase (else AMBROISE_NEW_PASSPHRASE; else it stays)", "Contient la nouvelle phrase de passe (sinon AMBROISE_NEW_PASSPHRASE ; sinon elle reste)") };
        var ask = new Option<bool>("--new-passphrase") { Description = frame.Say("Asks for a new passphrase", "Demande une nouvelle phrase de passe") };
        return frame.Runs(
            new Command("rotate-key", frame.Say("Makes a new tenant key and wraps every data key again; rewrites no data", "Change la clé et rescelle les clés de données, sans réécrire les données")) { id, file, ask },
            (session, parse) => Run(session, parse.GetRequiredValue(id), parse.GetValue(file), parse.GetValue(ask)),
            new Example("ambroise tenant rotate-key chu", frame.Say("a new key under the same passphrase", "nouvelle clé, même phrase de passe")),
            new Example("ambroise tenant rotate-key chu --new-passphrase", frame.Say("asks for the present and the new passphrase", "demande la phrase actuelle et la nouvelle")));
    }

    static Result<Answer> Run(Session session, string id, FileInfo? file, bool ask)
    {
        using var tenant = session.OpenTenant(id, Capability.TenantRotateKey).OrThrow();
        var source = new PassphraseSource(file, "AMBROISE_NEW_PASSPHRASE", session.Terminal);
        Passphrase? renewed = null;
        if (ask || source.IsGiven)
        {
            if (tenant.Tenant.Custodian != "file") return new Failure(FailureKind.Invalid, "tenant.pin-elsewhere", "A token's PIN is changed with the token's own tool.");
            if (source.ReadNew(session.Say("New passphrase:", "Nouvelle phrase de passe :"), session.Say("Again:", "Encore :")).Failed(out var failure, out renewed)) return failure;
        }
        using (renewed) tenant.Keys.Rotate(renewed);

        var groups = tenant.Keys.Groups.Count();
        return Answer.Sentence(new Shown(id, groups, renewed is not null), session.Say(
            $"Tenant {id} has a new key; {groups} groups of data keys wrapped again. Backups of its keys folder still open with the old passphrase: destroy them.",
            $"L'établissement {id} a une nouvelle clé ; {groups} groupes de clés rescellés. Les sauvegardes de son dossier keys s'ouvrent encore avec l'ancienne phrase : détruisez-les."));
    }
}
