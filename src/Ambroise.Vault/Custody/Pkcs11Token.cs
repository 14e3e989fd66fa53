using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Ambroise.Vault.Custody;

/// <summary>A token that we are logged in to. PKCS#11 keeps its state for the whole process (one initialisation for a module, one login for a token:
/// PKCS #11 v2.40 §5.4 and §5.6), so those who use the same token share it, and the last one out logs out and lets the module go.</summary>
sealed class Pkcs11Token
{
    static readonly Lock Gate = new();
    static readonly Dictionary<string, (IPkcs11Library Library, int Users)> Modules = [];
    static readonly Dictionary<(string Module, string Label), Pkcs11Token> LoggedIn = [];

    /// <summary>Pkcs11Interop asks for <c>libdl</c>, a name that Linux has only beside a compiler; glibc 2.34 and later, and musl, have its functions in libc.</summary>
    static Pkcs11Token() => NativeLibrary.SetDllImportResolver(typeof(Pkcs11InteropFactories).Assembly, static (name, assembly, path) =>
        name == "libdl" && OperatingSystem.IsLinux()
            && (NativeLibrary.TryLoad("libdl.so.2", assembly, path, out var library) || NativeLibrary.TryLoad("libc", assembly, path, out library)) ? library : 0);

    readonly string module;
    readonly ISlot slot;
    readonly ISession login;
    readonly byte[] pinKey = RandomNumberGenerator.GetBytes(32);
    readonly byte[] pinCode;
    int users = 1;

    Pkcs11Token(string module, string label, ISlot slot, ISession login, Passphrase pin)
    {
        (this.module, Label, this.slot, this.login) = (module, label, slot, login);
        pinCode = HMACSHA256.HashData(pinKey, pin.Utf8);
    }

    public static Pkcs11InteropFactories Factories { get; } = new();

    public string Label { get; }

    /// <param name="module">The path of the module, from the operator: never from a file of the home, which could then name code to run.</param>
    /// <param name="label">The token's label.</param>
    /// <returns>The token, to be released; or <c>vault.pkcs11-module</c>, <c>vault.pkcs11-token</c>, <c>vault.pkcs11-pin-locked</c>, <c>vault.pkcs11-failed</c>, <c>vault.passphrase-wrong</c>.</returns>
    public static Result<Pkcs11Token> Open(string module, string label, Passphrase pin)
    {
        lock (Gate)
        {
            if (LoggedIn.TryGetValue((module, label), out var token)) return token.Join(pin);
            if (Load(module) is not { } library) return new Failure(FailureKind.Unavailable, "vault.pkcs11-module", $"'{module}' is no PKCS#11 module that loads here.");
            var opened = LogIn(library, module, label, pin);
            if (opened.Failed(out _, out token)) LetGo(module);
            else LoggedIn.Add((module, label), token);
            return opened;
        }
    }

    /// <summary>For one more user of the same login.</summary>
    public Pkcs11Token Share()
    {
        lock (Gate)
        {
            users++;
            return this;
        }
    }

    public ISession OpenSession() => slot.OpenSession(SessionType.ReadWrite);

    public void Release()
    {
        lock (Gate)
        {
            if (--users > 0) return;
            LoggedIn.Remove((module, Label));
            login.Dispose(); // closing our last session logs out
            LetGo(module);
        }
    }

    public static Failure Failed(CKR code) => new(FailureKind.Unavailable, "vault.pkcs11-failed", $"The token answered {code}.");

    /// <summary>The token would answer "already logged in" whatever the PIN: we compare it ourselves.</summary>
    Result<Pkcs11Token> Join(Passphrase pin)
    {
        if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(pinKey, pin.Utf8), pinCode)) return Custodian.PassphraseWrong();
        users++;
        return this;
    }

    static Result<Pkcs11Token> LogIn(IPkcs11Library library, string module, string label, Passphrase pin)
    {
        ISession? session = null;
        try
        {
            var slot = library.GetSlotList(SlotsType.WithTokenPresent).Find(s => s.GetTokenInfo().Label == label);
            if (slot is null) return new Failure(FailureKind.Unavailable, "vault.pkcs11-token", $"The module shows no token labelled '{label}'.");
            session = slot.OpenSession(SessionType.ReadWrite);
            var bytes = pin.Utf8.ToArray();
            try
            {
                session.Login(CKU.CKU_USER, bytes);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(bytes);
            }
            return new Pkcs11Token(module, label, slot, session, pin);
        }
        catch (Pkcs11Exception refused)
        {
            session?.Dispose();
            return refused.RV switch
            {
                CKR.CKR_PIN_INCORRECT or CKR.CKR_PIN_INVALID or CKR.CKR_PIN_LEN_RANGE => Custodian.PassphraseWrong(),
                CKR.CKR_PIN_LOCKED => new Failure(FailureKind.Forbidden, "vault.pkcs11-pin-locked", "The token locked its PIN after wrong tries: its security officer must set a new one."),
                var other => Failed(other),
            };
        }
    }

    static IPkcs11Library? Load(string module)
    {
        if (Modules.TryGetValue(module, out var loaded))
        {
            Modules[module] = (loaded.Library, loaded.Users + 1);
            return loaded.Library;
        }
        try
        {
            var library = Factories.Pkcs11LibraryFactory.LoadPkcs11Library(Factories, module, AppType.MultiThreaded);
            Modules.Add(module, (library, 1));
            return library;
        }
        catch (Exception refused) when (refused is UnmanagedException or Pkcs11Exception)
        {
            return null;
        }
    }

    static void LetGo(string module)
    {
        var (library, count) = Modules[module];
        if (count > 1)
        {
            Modules[module] = (library, count - 1);
            return;
        }
        Modules.Remove(module);
        library.Dispose();
    }
}
