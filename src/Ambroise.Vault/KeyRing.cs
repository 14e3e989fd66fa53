using System.Security.Cryptography;
using Ambroise.Vault.Custody;
using Ambroise.Vault.Keys;

namespace Ambroise.Vault;

/// <summary>An unsealed tenant's data keys, in memory until disposed of. Safe for use from several threads.</summary>
/// <remarks>Groups are unwrapped when first asked for: opening a release costs its own keys alone. On disk the keys of a group are wrapped together under the
/// tenant key, bound to tenant, group and names. Changes are durable when the call returns; stopped midway they leave the keys as they were.</remarks>
public sealed class KeyRing : IDisposable
{
    /// <summary>Every data key is this long: AES-256.</summary>
    public const int KeyBytes = 32;

    readonly Lock gate = new();
    readonly KeyFolder folder;
    readonly string tenant;
    readonly Dictionary<string, Group> groups = [];
    readonly List<Group> outgrown = [];
    Custodian custodian;
    int generation;
    bool disposed;

    KeyRing(KeyFolder folder, string tenant, Custodian custodian, int generation) =>
        (this.folder, this.tenant, this.custodian, this.generation) = (folder, tenant, custodian, generation);

    /// <summary>Makes a tenant's first key and an empty ring.</summary>
    /// <returns>The ring, or <c>vault.keystore-exists</c>, <c>vault.keys-busy</c>, <c>vault.pkcs11-…</c>.</returns>
    public static Result<KeyRing> Create(string keysFolder, string tenant, Passphrase passphrase, CustodyChoice? custody = null) =>
        Create(new KeyFolder(keysFolder), tenant, passphrase, custody ?? new CustodyChoice.Keystore());

    internal static Result<KeyRing> Create(KeyFolder folder, string tenant, Passphrase passphrase, CustodyChoice custody)
    {
        KeyName.Check(tenant);
        if (folder.Lock().Failed(out var busy, out var held)) return busy;
        using (held)
        {
            if (File.Exists(folder.KeystorePath)) return new Failure(FailureKind.Conflict, "vault.keystore-exists", $"Tenant '{tenant}' already has a key.");
            if (Custodians.Create(custody, tenant, passphrase).Failed(out var failure, out var custodian)) return failure;
            folder.CreateGeneration(1);
            folder.CommitKeystore(KeystoreFile.Of(tenant, 1, custodian.Kind, custodian.Parameters));
            return new KeyRing(folder, tenant, custodian, 1);
        }
    }

    /// <param name="pkcs11Module">The path of the PKCS#11 module, where the tenant's key lies in a token. The keystore does not name it: a file of the home must not choose code to run.</param>
    /// <returns>The ring, or <c>vault.passphrase-wrong</c>, <c>vault.keystore-missing</c>, <c>vault.keystore-tampered</c>, <c>vault.pkcs11-…</c>.</returns>
    public static Result<KeyRing> Unseal(string keysFolder, string tenant, Passphrase passphrase, string? pkcs11Module = null) =>
        Unseal(new KeyFolder(keysFolder), tenant, passphrase, pkcs11Module);

    internal static Result<KeyRing> Unseal(KeyFolder folder, string tenant, Passphrase passphrase, string? pkcs11Module)
    {
        KeyName.Check(tenant);
        if (KeystoreFile.Read(folder.KeystorePath, tenant).Failed(out var failure, out var keystore)) return failure;
        if (Custodians.Open(keystore, passphrase, pkcs11Module).Failed(out failure, out var custodian)) return failure;
        return new KeyRing(folder, tenant, custodian, keystore.Generation);
    }

    /// <summary>Makes everything under the tenant's keys unreadable for good: shreds the tenant key, then every wrapped data key.</summary>
    /// <param name="passphrase">Opens a token, whose key must be destroyed inside it; a keystore file is destroyed without.</param>
    /// <returns>The number of key groups that were destroyed, or the failure that left everything in place.</returns>
    public static Result<int> Destroy(string keysFolder, string tenant, Passphrase? passphrase = null, string? pkcs11Module = null) =>
        Destroy(new KeyFolder(keysFolder), tenant, passphrase, pkcs11Module);

    internal static Result<int> Destroy(KeyFolder folder, string tenant, Passphrase? passphrase, string? pkcs11Module)
    {
        KeyName.Check(tenant);
        if (folder.Lock().Failed(out var busy, out var held)) return busy;
        using (held)
        {
            var groups = 0;
            if (!KeystoreFile.Read(folder.KeystorePath, tenant).Failed(out _, out var keystore))
            {
                if (Custodians.Forget(keystore, passphrase, pkcs11Module) is { } failure) return failure;
                groups = folder.Groups(keystore.Generation).Count();
            }
            folder.ShredAll();
            return groups;
        }
    }

    /// <summary>The groups on disk, in ordinal order.</summary>
    public IEnumerable<string> Groups
    {
        get
        {
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(disposed, this);
                return folder.Groups(generation).ToList();
            }
        }
    }

    /// <returns>The 32-byte key; valid until the group is dropped or the ring disposed of.</returns>
    /// <exception cref="FailureException"><c>vault.key-missing</c>, <c>vault.keys-tampered</c>, or <c>vault.keys-rotated</c> where another program rotated the tenant key meanwhile.</exception>
    public ReadOnlyMemory<byte> Get(string group, string name)
    {
        lock (gate)
            return Load(group)?.Find(name) ?? throw Missing(group, name).AsException();
    }

    /// <returns>The 32-byte key, made now where it is the first time anyone asks.</returns>
    public ReadOnlyMemory<byte> GetOrCreate(string group, string name)
    {
        if (!Has(group, name))
        {
            try
            {
                Create(group, [name]);
            }
            catch (FailureException e) when (e.Failure.Code == "vault.key-exists")
            {
                // Another program was quicker: it is the same key.
            }
        }
        return Get(group, name);
    }

    /// <returns>True where the group exists and holds the name.</returns>
    public bool Has(string group, string name)
    {
        lock (gate)
            return Load(group)?.Find(name) is not null;
    }

    /// <summary>Makes a new random key for each name and writes them durably. Adds to the group where it exists.</summary>
    /// <exception cref="FailureException"><c>vault.key-exists</c> for a name the group already holds, <c>vault.keys-busy</c>, <c>vault.keys-rotated</c>.</exception>
    public void Create(string group, IEnumerable<string> names)
    {
        lock (gate)
        {
            using var held = LockUnrotated();
            using var present = Read(group);
            var added = names.Select(KeyName.Check).ToArray();
            if (added.Concat(present?.Names ?? []).GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice)
                throw new Failure(FailureKind.Conflict, "vault.key-exists", $"Key '{group}/{twice.Key}' already exists.").AsException();

            var grown = Group.Grow(present, added);
            folder.WriteGroup(generation, Wrap(custodian, group, grown));
            // A copy whose keys were handed out stays whole until the ring is disposed of.
            if (groups.Remove(group, out var handedOut)) outgrown.Add(handedOut);
            groups[group] = grown;
        }
    }

    /// <summary>Destroys a group's keys: what they sealed is unreadable from now on. Does nothing where the group does not exist.</summary>
    public void Drop(string group)
    {
        lock (gate)
        {
            using var held = LockUnrotated();
            folder.ShredGroup(generation, group);
            if (groups.Remove(group, out var dropped)) dropped.Dispose();
        }
    }

    /// <summary>Destroys those keys of a group that are needed no more: what they sealed is unreadable from now on. A group of which none is needed goes whole.</summary>
    /// <param name="needed">Says so of a key, by its name.</param>
    public void Drop(string group, Func<string, bool> needed)
    {
        lock (gate)
        {
            if (Load(group) is not { } known || known.Names.All(needed)) return;
            if (!known.Names.Any(needed))
            {
                Drop(group);
                return;
            }
            using var held = LockUnrotated();
            using var present = Read(group) ?? throw Tampered(group).AsException();
            var left = present.Only(needed);
            folder.ReplaceGroup(generation, Wrap(custodian, group, left));
            // As where a group grows: keys that were handed out stay until the ring is disposed of.
            outgrown.Add(known);
            groups[group] = left;
        }
    }

    /// <summary>Replaces the tenant key and wraps every data key again under the new one; data keys stay the same, so no data is rewritten.
    /// The new keystore's rename is the switch: stopped before it the old key is in force, after it the new one.</summary>
    /// <param name="newPassphrase">Null keeps the present one.</param>
    /// <exception cref="FailureException"><c>vault.keys-busy</c>, <c>vault.keys-tampered</c>, <c>vault.keys-rotated</c>, <c>vault.pkcs11-…</c>.</exception>
    public void Rotate(Passphrase? newPassphrase = null)
    {
        lock (gate)
        {
            using var held = LockUnrotated();
            var next = custodian.Next(generation + 1, newPassphrase).OrThrow();
            try
            {
                folder.CreateGeneration(generation + 1);
                foreach (var group in folder.Groups(generation).ToList())
                {
                    using var keys = Read(group) ?? throw Tampered(group).AsException();
                    folder.WriteGroup(generation + 1, Wrap(next, group, keys));
                }
                folder.CommitKeystore(KeystoreFile.Of(tenant, generation + 1, next.Kind, next.Parameters));
            }
            catch
            {
                next.Dispose();
                throw;
            }
            custodian.Dispose();
            (custodian, generation) = (next, generation + 1);
            folder.Tidy(generation);
            custodian.ForgetOthers();
        }
    }

    /// <summary>Zeroes every key.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            foreach (var group in groups.Values.Concat(outgrown)) group.Dispose();
            groups.Clear();
            outgrown.Clear();
            custodian.Dispose();
        }
    }

    /// <summary>Locks the folder and clears what a stopped change left in it.</summary>
    FileStream LockUnrotated()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var held = folder.Lock().OrThrow();
        if (KeystoreFile.Read(folder.KeystorePath, tenant).Failed(out var failure, out var keystore) || keystore.Generation != generation)
        {
            held.Dispose();
            throw (failure ?? Rotated()).AsException();
        }
        folder.Tidy(generation);
        return held;
    }

    Group? Load(string group)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (groups.TryGetValue(group, out var loaded)) return loaded;
        return Read(group) is { } read ? groups[group] = read : null;
    }

    Group? Read(string group)
    {
        if (folder.ReadGroup(generation, group) is not { } bytes)
            return folder.HasGeneration(generation) ? null : throw Rotated().AsException();

        if (Open(group, bytes) is { } read) return read;
        // Where keys of it are being destroyed the file may be overwritten while it is read: the new one is there by then, or none.
        if (folder.ReadGroup(generation, group) is not { } again) return null;
        return (again.AsSpan().SequenceEqual(bytes) ? null : Open(group, again)) ?? throw Tampered(group).AsException();
    }

    Group? Open(string group, byte[] bytes) => GroupFile.Parse(bytes, tenant, group) is { } file && custodian.Unwrap(file.Wrapped, GroupFile.Context(tenant, group, file.Names)) is { } keys
        ? new Group(file.Names, SecretBytes.Take(keys)) : null;

    GroupFile Wrap(Custodian by, string group, Group keys) =>
        GroupFile.Of(tenant, group, keys.Names, by.Wrap(keys.Keys.Span, GroupFile.Context(tenant, group, keys.Names)));

    static Failure Missing(string group, string name) => new(FailureKind.NotFound, "vault.key-missing", $"There is no key '{group}/{name}': it was destroyed, or never made.");

    static Failure Tampered(string group) => new(FailureKind.Tampered, "vault.keys-tampered", $"The wrapped keys of '{group}' were altered, or belong elsewhere: restore the keys folder from its backup.");

    static Failure Rotated() => new(FailureKind.Conflict, "vault.keys-rotated", "The tenant key was rotated meanwhile: run the command again.");

    /// <summary>The keys of a group end to end, in the order of the names.</summary>
    sealed class Group(string[] names, SecretBytes keys) : IDisposable
    {
        public string[] Names => names;

        public SecretBytes Keys => keys;

        public static Group Grow(Group? present, string[] added)
        {
            var before = present is null ? default : present.Keys.Span;
            var grown = new SecretBytes(before.Length + added.Length * KeyBytes);
            before.CopyTo(grown.Span);
            RandomNumberGenerator.Fill(grown.Span[before.Length..]);
            return new([.. present?.Names ?? [], .. added], grown);
        }

        public Group Only(Func<string, bool> needed)
        {
            string[] left = [.. names.Where(needed)];
            var kept = new SecretBytes(left.Length * KeyBytes);
            for (var i = 0; i < left.Length; i++) Find(left[i])!.Value.Span.CopyTo(kept.Span[(i * KeyBytes)..]);
            return new(left, kept);
        }

        public ReadOnlyMemory<byte>? Find(string name)
        {
            var at = Array.IndexOf(names, name);
            if (at < 0) return null; // in one expression with the other, null would become an empty key
            return keys.Memory.Slice(at * KeyBytes, KeyBytes);
        }

        public void Dispose() => keys.Dispose();
    }
}
