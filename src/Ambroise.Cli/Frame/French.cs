namespace Ambroise.Cli.Frame;

/// <summary>French sentences for the failures a person meets most. Failures are written in English where they arise, since logs and programs read them too.</summary>
static class French
{
    static readonly Dictionary<string, string> Sentences = new()
    {
        ["home.missing"] = "Il n'y a pas d'entrepôt ici : créez-le avec « ambroise init », ou nommez-en un autre avec --home.",
        ["home.newer"] = "Cet entrepôt vient d'une version plus récente d'Ambroise : utilisez-la.",
        ["home.damaged"] = "La base de l'entrepôt (ambroise.db) est endommagée : restaurez une sauvegarde de tout le dossier.",
        ["tenant.unknown"] = "Cet établissement n'existe pas : voir « ambroise tenant list ».",
        ["tenant.exists"] = "Un établissement a déjà cet identifiant.",
        ["tenant.id-invalid"] = "Un identifiant a de 1 à 40 caractères parmi a-z, 0-9 et « - », le premier étant une lettre ou un chiffre.",
        ["tenant.name-invalid"] = "Un nom a de 1 à 200 caractères.",
        ["tenant.sealed"] = "L'établissement est scellé : ouvrez-le avec « ambroise tenant unseal ».",
        ["tenant.destroyed"] = "La clé de l'établissement a été détruite : ses données sont illisibles pour toujours.",
        ["tenant.not-confirmed"] = "Le nom donné n'est pas celui de l'établissement : rien n'a été détruit.",
        ["vault.passphrase-wrong"] = "La phrase de passe n'est pas celle de l'établissement.",
        ["vault.keystore-missing"] = "Le coffre de clés est absent : restaurez sa sauvegarde.",
        ["vault.keystore-tampered"] = "Le coffre de clés a été altéré, ou vient d'un autre établissement : restaurez sa sauvegarde.",
        ["vault.keys-tampered"] = "Des clés scellées ont été altérées, ou viennent d'ailleurs : restaurez la sauvegarde du dossier keys.",
        ["vault.keys-busy"] = "Une autre commande change les clés de cet établissement : réessayez quand elle aura fini.",
        ["vault.keys-rotated"] = "La clé de l'établissement vient d'être changée : relancez la commande.",
        ["vault.pkcs11-module-needed"] = "La clé de l'établissement est dans un jeton : nommez sa bibliothèque PKCS#11 dans AMBROISE_PKCS11_MODULE.",
        ["vault.pkcs11-pin-locked"] = "Le jeton a verrouillé son code après des essais erronés : son administrateur doit en poser un nouveau.",
        ["load.memory"] = "Cet apport demande plus de mémoire que --memory n'en donne : rien n'a été chargé.",
        ["load.nothing"] = "Ce dossier ne contient aucune table OMOP.",
        ["load.no-person"] = "Un premier chargement demande la table PERSON.",
        ["load.rejects"] = "Trop de lignes ont été rejetées : rien n'a été chargé. Corrigez la source, ou relevez --max-rejects.",
        ["lake.busy"] = "Un autre chargement ou effacement est en cours sur cet établissement : attendez sa fin.",
        ["lake.empty"] = "L'établissement n'a encore aucune version : chargez d'abord des données.",
        ["lake.release-unknown"] = "L'établissement n'a pas de version de ce numéro : voir « ambroise releases ».",
        ["source.folder-missing"] = "Ce dossier n'existe pas.",
        ["cli.passphrase-missing"] = "Donnez la phrase de passe : --passphrase-file, AMBROISE_PASSPHRASE, ou un terminal où la saisir.",
        ["cli.passphrase-short"] = "Une phrase de passe a au moins 8 caractères.",
        ["cli.passphrase-mismatch"] = "Les deux saisies diffèrent.",
    };

    public static string Of(Failure failure, Language language) =>
        language.IsFrench && Sentences.TryGetValue(failure.Code, out var sentence) ? sentence : failure.Detail;
}
