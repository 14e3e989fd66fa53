using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
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
        var custodian = new Option<string>("--custodian") { DefaultValueFactory = _ => "file", HelpName = "file|pkcs11", Description = frame.Say("What keeps its key: a keystore file, or a hardware token", "Ce qui garde sa clé : un coffre, ou un jeton matériel") };
        custodian.AcceptOnlyFromAmong("file", "pkcs11");
        var module = new Option<string?>("--pkcs11-module") { HelpName = "FILE", Description = frame.Say("The token's library (else AMBROISE_PKCS11_MODULE)", "La bibliothèque du jeton (sinon AMBROISE_PKCS11_MODULE)") };
        var token = new Option<string?>("--pkcs11-token") { HelpName = "LABEL", Description = frame.Say("The token's label", "L'étiquette du jeton") };
        return frame.Runs(
            new Command("create", frame.Say("Makes a tenant and its key", "Crée un établissement et sa clé")) { id, name, custodian, module, token },
            (session, parse) => Run(session, parse.GetRequiredValue(id), parse.GetRequiredValue(name), Custody(parse.GetValue(custodian), parse.GetValue(module) ?? Session.Pkcs11Module, parse.GetValue(token))),
            new Example("ambroise tenant create chu --name \"CHU de Sainte-Ambroise\"", frame.Say("asks for a passphrase, twice", "demande une phrase de passe, deux fois")),
            new Example("ambroise tenant create chu --name CHU --custodian pkcs11 --pkcs11-module /usr/lib/softhsm/libsofthsm2.so --pkcs11-token chu", frame.Say("its key is made in a token, whose PIN it asks for", "la clé naît dans un jeton, dont il demande le code")),
            new Example("ambroise tenant create chu --name CHU --passphrase-file chu.txt", frame.Say("takes it from a file", "la prend dans un fichier")));
    }

    static Result<CustodyChoice> Custody(string? custodian, string? module, string? token)
    {
        if (custodian == "file") return new CustodyChoice.Keystore();
        return string.IsNullOrEmpty(module) || string.IsNullOrEmpty(token)
            ? new Failure(FailureKind.Invalid, "tenant.token-unnamed", "Name the token: --pkcs11-module (or AMBROISE_PKCS11_MODULE) and --pkcs11-token.")
            : new CustodyChoice.Token(module, token);
    }

    static Result<Answer> Run(Session session, string text, string name, Result<CustodyChoice> chosen)
    {
        if (TenantId.Parse(text).Failed(out var failure, out var id) || chosen.Failed(out failure, out var custody)) return failure;
        var plane = session.ControlPlane;
        if (!plane.Find(id).Failed(out _, out _)) return new Failure(FailureKind.Conflict, "tenant.exists", $"There is a tenant '{id}' already.");

        var source = session.PassphraseFor(custody.Custodian);
        var given = custody is CustodyChoice.Token
            ? source.Read(session.Say("PIN of the token:", "Code du jeton :")) // the token has it already
            : source.ReadNew(session.Say($"New passphrase of {id}:", $"Nouvelle phrase de passe de {id} :"), session.Say("Again:", "Encore :"));
        if (given.Failed(out failure, out var passphrase)) return failure;
        using (passphrase)
            if (MakeKey(session.Home.KeysFolder(id), id, passphrase, custody) is { } refused) return refused;

        if (plane.AddTenant(id, name, custody.Custodian).Failed(out failure, out var tenant)) return failure;
        Own(session, id);
        return Answer.Sentence(TenantShown.Of(tenant, plane), session.Say(
            $"Made tenant {id}. Keep its passphrase safe: without it nobody reads its data, we neither.",
            $"Établissement {id} créé. Gardez sa phrase de passe : sans elle personne ne lit ses données, nous non plus."));
    }

    /// <summary>Who makes a tenant runs it until the roles are given otherwise: one person is enough for one small hospital.</summary>
    public static void Own(Session session, TenantId id)
    {
        var actor = session.Caller.Actor;
        foreach (var role in new[] { Role.Administrator, Role.DataEngineer }) session.ControlPlane.Grants(id).Add(actor, role, actor).OrThrow();
        session.ControlPlane.Audit(id).Write(new(actor, session.Caller.Account, "tenant.create", Outcome.Done), null);
    }

    /// <summary>A key that a stopped creation left, holding nothing and opening with the same passphrase, is taken over.</summary>
    static Failure? MakeKey(string keysFolder, TenantId id, Passphrase passphrase, CustodyChoice custody)
    {
        var made = KeyRing.Create(keysFolder, id.Value, passphrase, custody);
        if (made.Failed(out var failure, out var ring) && failure.Code == "vault.keystore-exists") made = KeyRing.Unseal(keysFolder, id.Value, passphrase, (custody as CustodyChoice.Token)?.Module);
        if (made.Failed(out failure, out ring)) return failure;
        using (ring)
            return ring.Groups.Any() ? new(FailureKind.Conflict, "tenant.folder-taken", $"The folder of '{id}' already holds keys that this home does not know: restore ambroise.db, or move the folder away.") : null;
    }
}
