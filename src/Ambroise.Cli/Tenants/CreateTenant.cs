using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Tenants;
using Ambroise.Vault;
using Ambroise.Vault.Custody;

namespace Ambroise.Cli.Tenants;

/// <summary><c>ambroise tenant create</c>: a tenant and its key.</summary>
static class CreateTenant
{
    public static Command Command(CommandFrame frame)
    {
        var id = TenantArgument.Make(frame);
        var name = new Option<string>("--name") { Required = true, HelpName = "NAME", Description = frame.Say("What people call it", "Le nom usuel") };
        return frame.Runs(
            new Command("create", frame.Say("Makes a tenant and its key", "Crée un établissement et sa clé")) { id, name },
            (session, parse) => Run(session, parse.GetRequiredValue(id), parse.GetRequiredValue(name)),
            new Example("ambroise tenant create chu --name \"CHU de Sainte-Ambroise\"", frame.Say("asks for a passphrase, twice", "demande une phrase de passe, deux fois")),
            new Example("ambroise tenant create chu --name CHU --passphrase-file chu.txt", frame.Say("takes it from a file", "la prend dans un fichier")));
    }

    static Result<Answer> Run(Session session, string text, string name)
    {
        if (TenantId.Parse(text).Failed(out var failure, out var id)) return failure;
        var plane = session.ControlPlane;
        if (!plane.Find(id).Failed(out _, out _)) return new Failure(FailureKind.Conflict, "tenant.exists", $"There is a tenant '{id}' already.");

        CustodyChoice custody = new CustodyChoice.Keystore();
        if (session.PassphraseFor(custody.Custodian).ReadNew(
                session.Say($"New passphrase of {id}:", $"Nouvelle phrase de passe de {id} :"), session.Say("Again:", "Encore :")).Failed(out failure, out var passphrase)) return failure;
        using (passphrase)
            if (MakeKey(session.Home.KeysFolder(id), id, passphrase, custody) is { } refused) return refused;

        if (plane.AddTenant(id, name, custody.Custodian).Failed(out failure, out var tenant)) return failure;
        return Answer.Sentence(TenantShown.Of(tenant, plane), session.Say(
            $"Made tenant {id}. Keep its passphrase safe: without it nobody reads its data, we neither.",
            $"Établissement {id} créé. Gardez sa phrase de passe : sans elle personne ne lit ses données, nous non plus."));
    }

    /// <summary>A key that a stopped creation left, holding nothing and opening with the same passphrase, is taken over.</summary>
    static Failure? MakeKey(string keysFolder, TenantId id, Passphrase passphrase, CustodyChoice custody)
    {
        var made = KeyRing.Create(keysFolder, id.Value, passphrase, custody);
        if (made.Failed(out var failure, out var ring) && failure.Code == "vault.keystore-exists") made = KeyRing.Unseal(keysFolder, id.Value, passphrase);
        if (made.Failed(out failure, out ring)) return failure;
        using (ring)
            return ring.Groups.Any() ? new(FailureKind.Conflict, "tenant.folder-taken", $"The folder of '{id}' already holds keys that this home does not know: restore ambroise.db, or move the folder away.") : null;
    }
}
