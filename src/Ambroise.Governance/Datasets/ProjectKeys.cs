using System.Buffers.Binary;
using System.Security.Cryptography;
using Ambroise.Vault;

namespace Ambroise.Governance.Datasets;

/// <summary>A project's own keys: its seal, its pseudonyms and its date shifts. Dropped when the project ends, and with them all they made.</summary>
/// <remarks>Random and unrelated to any other project's: without them two datasets of the same patients share nothing to link them by.</remarks>
public sealed class ProjectKeys
{
    static readonly string[] Names = ["seal", "nonce", "pseudonyms", "shift", "order"];
    readonly Dictionary<string, Pseudonyms> domains = [];
    readonly KeyRing keys;
    readonly string group;

    ProjectKeys(KeyRing keys, string group) => (this.keys, this.group) = (keys, group);

    public static string Group(string project) => $"project.{project}";

    public static bool Exist(KeyRing keys, string project) => keys.Has(Group(project), Names[0]);

    /// <summary>Opens the project's keys, made on first use.</summary>
    public static ProjectKeys Make(KeyRing keys, string project)
    {
        if (!Exist(keys, project)) keys.Create(Group(project), Names);
        return new(keys, Group(project));
    }

    /// <returns>The project's keys, or <c>dataset.project-expired</c> where they do not exist.</returns>
    public static Result<ProjectKeys> Open(KeyRing keys, string project) => Exist(keys, project)
        ? new ProjectKeys(keys, Group(project))
        : new Failure(FailureKind.NotFound, "dataset.no-key", $"Project {project} has no key: nothing was built for it, or it was destroyed and what it sealed is unreadable for good.");

    internal ReadOnlyMemory<byte> Seal => keys.Get(group, "seal");
    internal ReadOnlyMemory<byte> Nonce => keys.Get(group, "nonce");

    /// <param name="domain">What is named, e.g. <c>person</c>.</param>
    /// <returns>1 to 2^63 − 1.</returns>
    public long Pseudonym(string domain, long identifier)
    {
        Pseudonyms? named;
        lock (domains)
            if (!domains.TryGetValue(domain, out named)) domains[domain] = named = new(keys.Get(group, "pseudonyms"), domain);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, identifier);
        return named.Of(bytes);
    }

    /// <returns>Days by which all of a patient's dates move: from -<paramref name="most"/> to <paramref name="most"/>, never 0, each as likely.</returns>
    public int ShiftDays(long person, int most)
    {
        var drawn = (int)(Draw("shift", person) % (ulong)(2 * most)) - most;
        return drawn >= 0 ? drawn + 1 : drawn;
    }

    /// <returns>A number to put shards in an order that no other project shares.</returns>
    internal ulong Order(int shard) => Draw("order", shard);

    ulong Draw(string name, long value)
    {
        Span<byte> code = stackalloc byte[32], bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        HMACSHA256.HashData(keys.Get(group, name).Span, bytes, code);
        return BinaryPrimitives.ReadUInt64BigEndian(code);
    }
}
