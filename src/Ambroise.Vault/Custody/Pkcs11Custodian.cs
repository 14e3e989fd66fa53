using System.Security.Cryptography;
using System.Text;
using Ambroise.Vault.Keys;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Ambroise.Vault.Custody;

/// <summary>A hardware token, or any other PKCS#11 module: the tenant key is an AES-256 key that was made inside it, sensitive and not extractable;
/// data keys go in and come out sealed with CKM_AES_GCM: <c>nonce (12) ‖ ciphertext ‖ tag (16)</c>.</summary>
/// <remarks>PKCS #11 v2.40 §2.12.3. The nonce is ours and random. One session: its ring never asks two things at once.</remarks>
sealed class Pkcs11Custodian : Custodian
{
    public const string Name = "pkcs11";

    const int NonceBytes = 12;
    const int TagBits = 128;

    readonly Pkcs11Token token;
    readonly ISession session;
    readonly IObjectHandle key;
    readonly Key identity;
    readonly byte[] check;

    /// <summary>Which key in the token.</summary>
    /// <param name="Ring">Random, the same for every generation of a tenant's key and for no other: part of the key's label.</param>
    /// <param name="KeyId">Random: the key's CKA_ID.</param>
    sealed record Key(string Tenant, int Generation, string Ring, string KeyId)
    {
        public string Label => $"ambroise/{Tenant}/{Ring}";

        /// <summary>Sealed with the key itself: a keystore edited to name another key does not open.</summary>
        public byte[] Context(string token) => Encoding.UTF8.GetBytes($"ambroise/token-key/1\n{Tenant}\n{Generation}\n{Ring}\n{KeyId}\n{token}");
    }

    Pkcs11Custodian(Pkcs11Token token, ISession session, IObjectHandle key, Key identity, byte[]? check)
    {
        (this.token, this.session, this.key, this.identity) = (token, session, key, identity);
        this.check = check ?? Wrap(new byte[KeyRing.KeyBytes], identity.Context(token.Label));
    }

    public static Result<Custodian> Create(string tenant, string module, string tokenLabel, Passphrase pin)
    {
        if (Pkcs11Token.Open(module, tokenLabel, pin).Failed(out var failure, out var token)) return failure;
        return Generate(token, new(tenant, 1, RandomHex(), RandomHex()));
    }

    public static Result<Custodian> Open(KeystoreFile keystore, string? module, Passphrase pin)
    {
        if (string.IsNullOrEmpty(module)) return new Failure(FailureKind.Invalid, "vault.pkcs11-module-needed", "The tenant's key lies in a token: name its PKCS#11 module in AMBROISE_PKCS11_MODULE.");
        if (keystore.Parameters.GetValueOrDefault("token") is not { } label || keystore.Parameters.GetValueOrDefault("ring") is not { } ring
            || keystore.Parameters.GetValueOrDefault("keyId") is not { } keyId || keystore.Parameters.GetValueOrDefault("check") is not { } text
            || !TryDecode(text, out var check))
            return KeystoreFile.Tampered("has unreadable parameters");
        if (Pkcs11Token.Open(module, label, pin).Failed(out var failure, out var token)) return failure;

        var identity = new Key(keystore.Tenant, keystore.Generation, ring, keyId);
        ISession? session = null;
        try
        {
            session = token.OpenSession();
            if (session.FindAllObjects(Sought(identity.Label)).Find(k => Id(session, k) == keyId) is not { } found)
                failure = new Failure(FailureKind.NotFound, "vault.pkcs11-key-missing", $"Token '{label}' does not hold the tenant's key: it was destroyed, or this is another token.");
            else if (new Pkcs11Custodian(token, session, found, identity, check) is var custodian && custodian.Unwrap(check, identity.Context(label)) is not null)
                return custodian;
            else
                failure = KeystoreFile.Tampered("names a key that is not its own");
        }
        catch (Pkcs11Exception refused)
        {
            failure = Pkcs11Token.Failed(refused.RV);
        }
        session?.Dispose();
        token.Release();
        return failure;
    }

    public override string Kind => Name;

    public override SortedDictionary<string, string> Parameters => new(StringComparer.Ordinal)
    {
        ["check"] = Convert.ToBase64String(check),
        ["keyId"] = identity.KeyId,
        ["ring"] = identity.Ring,
        ["token"] = token.Label,
    };

    public override byte[] Wrap(ReadOnlySpan<byte> dataKeys, ReadOnlySpan<byte> context)
    {
        var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        var plain = dataKeys.ToArray();
        try
        {
            using var parameters = Pkcs11Token.Factories.MechanismParamsFactory.CreateCkGcmParams(nonce, NonceBytes * 8, context.ToArray(), TagBits);
            using var mechanism = Pkcs11Token.Factories.MechanismFactory.Create(CKM.CKM_AES_GCM, parameters);
            return [.. nonce, .. session.Encrypt(mechanism, key, plain)];
        }
        catch (Pkcs11Exception refused)
        {
            throw Pkcs11Token.Failed(refused.RV).AsException();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    public override byte[]? Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> context)
    {
        if (wrapped.Length < NonceBytes + TagBits / 8) return null;
        try
        {
            using var parameters = Pkcs11Token.Factories.MechanismParamsFactory.CreateCkGcmParams(wrapped[..NonceBytes].ToArray(), NonceBytes * 8, context.ToArray(), TagBits);
            using var mechanism = Pkcs11Token.Factories.MechanismFactory.Create(CKM.CKM_AES_GCM, parameters);
            return session.Decrypt(mechanism, key, wrapped[NonceBytes..].ToArray());
        }
        // SoftHSM 2.6 answers CKR_GENERAL_ERROR to a wrong tag, where the standard has CKR_ENCRYPTED_DATA_INVALID.
        catch (Pkcs11Exception refused) when (refused.RV is CKR.CKR_ENCRYPTED_DATA_INVALID or CKR.CKR_ENCRYPTED_DATA_LEN_RANGE or CKR.CKR_GENERAL_ERROR)
        {
            return null;
        }
        catch (Pkcs11Exception refused)
        {
            throw Pkcs11Token.Failed(refused.RV).AsException();
        }
    }

    public override Result<Custodian> Next(int generation, Passphrase? passphrase) =>
        passphrase is not null
            ? new Failure(FailureKind.Invalid, "vault.pkcs11-pin", "A token's PIN is changed with the token's own tool.")
            : Generate(token.Share(), identity with { Generation = generation, KeyId = RandomHex() });

    public override void ForgetOthers() => Destroy(k => Id(session, k) != identity.KeyId);

    public override void Forget() => Destroy(_ => true);

    public override void Dispose()
    {
        session.Dispose();
        token.Release();
    }

    static Result<Custodian> Generate(Pkcs11Token token, Key identity)
    {
        var session = token.OpenSession();
        try
        {
            using var mechanism = Pkcs11Token.Factories.MechanismFactory.Create(CKM.CKM_AES_KEY_GEN);
            var key = session.GenerateKey(mechanism,
            [
                .. Sought(identity.Label),
                Attribute(CKA.CKA_ID, Convert.FromHexString(identity.KeyId)),
                Attribute(CKA.CKA_VALUE_LEN, KeyRing.KeyBytes),
                Attribute(CKA.CKA_PRIVATE, true),
                Attribute(CKA.CKA_SENSITIVE, true),
                Attribute(CKA.CKA_EXTRACTABLE, false),
                Attribute(CKA.CKA_ENCRYPT, true),
                Attribute(CKA.CKA_DECRYPT, true),
                Attribute(CKA.CKA_WRAP, false),
                Attribute(CKA.CKA_UNWRAP, false),
            ]);
            return new Pkcs11Custodian(token, session, key, identity, null);
        }
        catch (Exception refused) when (refused is Pkcs11Exception or FailureException)
        {
            session.Dispose();
            token.Release();
            return refused is Pkcs11Exception pkcs11 ? Pkcs11Token.Failed(pkcs11.RV) : ((FailureException)refused).Failure;
        }
    }

    void Destroy(Predicate<IObjectHandle> which)
    {
        try
        {
            foreach (var found in session.FindAllObjects(Sought(identity.Label)).FindAll(which)) session.DestroyObject(found);
        }
        catch (Pkcs11Exception refused)
        {
            throw Pkcs11Token.Failed(refused.RV).AsException();
        }
    }

    static List<IObjectAttribute> Sought(string label) =>
    [
        Pkcs11Token.Factories.ObjectAttributeFactory.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY),
        Pkcs11Token.Factories.ObjectAttributeFactory.Create(CKA.CKA_KEY_TYPE, CKK.CKK_AES),
        Attribute(CKA.CKA_TOKEN, true),
        Pkcs11Token.Factories.ObjectAttributeFactory.Create(CKA.CKA_LABEL, label),
    ];

    static IObjectAttribute Attribute(CKA attribute, bool value) => Pkcs11Token.Factories.ObjectAttributeFactory.Create(attribute, value);

    static IObjectAttribute Attribute(CKA attribute, byte[] value) => Pkcs11Token.Factories.ObjectAttributeFactory.Create(attribute, value);

    static IObjectAttribute Attribute(CKA attribute, ulong value) => Pkcs11Token.Factories.ObjectAttributeFactory.Create(attribute, value);

    static string Id(ISession session, IObjectHandle found) =>
        Convert.ToHexStringLower(session.GetAttributeValue(found, new List<CKA> { CKA.CKA_ID })[0].GetValueAsByteArray());

    static string RandomHex() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        var ok = Convert.TryFromBase64String(text, bytes, out var length);
        Array.Resize(ref bytes, length);
        return ok;
    }
}
