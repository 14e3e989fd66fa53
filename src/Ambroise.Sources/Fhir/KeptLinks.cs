using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>What a load knew of resources that are about no patient, for the loads merged into it: what they are called, what they define, and in which version they came. Keys are keyed codes; no person is in it.</summary>
/// <remarks>Every load reads and writes it whole, and where a hospital is large there are a hundred thousand of each: so they lie there as they are in memory, in ascending order (docs/formats/lake.md).</remarks>
sealed record KeptLinks
{
    const int Format = 3;

    /// <summary>A conditional reference or a role, and the key it means.</summary>
    /// <param name="Record">The resource that says so.</param>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Name(long Record, long Key, long Means) : IComparable<Name>
    {
        public int CompareTo(Name other) => Record != other.Record ? Record.CompareTo(other.Record) : Key != other.Key ? Key.CompareTo(other.Key) : Means.CompareTo(other.Means);
    }

    /// <param name="Record">The role.</param>
    /// <param name="Practitioner">Whom it is of.</param>
    /// <param name="Source">Place in <see cref="Sources"/>.</param>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Role(long Record, long Practitioner, long Specialty, long Source, long CareSite) : IComparable<Role>
    {
        public int CompareTo(Role other) => Record.CompareTo(other.Record);
    }

    /// <summary>What medications and devices are, each told once.</summary>
    public sealed record DefinedCode(string Vocabulary, string Code, string Display);

    /// <summary>A medication or a device: some hospitals have one for every prescription.</summary>
    /// <param name="Code">Place in <see cref="Codes"/>; -1 where an earlier version of the program took one that has none.</param>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Definition(long Key, long Updated, long Number, ulong Hash, long Code) : IComparable<Definition>
    {
        public ResourceVersion Version => new(Updated, Number, Hash);

        public int CompareTo(Definition other) => Key.CompareTo(other.Key);
    }

    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Version(long Key, long Updated, long Number) : IComparable<Version>
    {
        public int CompareTo(Version other) => Key.CompareTo(other.Key);
    }

    public Name[] Names { get; init; } = [];

    /// <summary>Names that the resource which told of them bears no more, or that is no more: where nobody else bears one, it means whom it meant.</summary>
    public Name[] Former { get; init; } = [];

    public Role[] Roles { get; init; } = [];

    /// <summary>Of resources that no row of a patient tells of, among them those deleted and those that went with their patient: an older one that comes later changes nothing.</summary>
    public Version[] Versions { get; init; } = [];

    public Definition[] Defined { get; init; } = [];

    public IReadOnlyList<DefinedCode> Codes { get; init; } = [];

    /// <summary>Specialties as roles tell them, each told once.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Systems whose numbers make patients one person, as some load was told: a later one that is not told goes on so.</summary>
    public IReadOnlyList<string> NumberSystems { get; init; } = [];

    /// <summary>Some record of this load or an earlier one names its patient by an identifier: whom that means is then followed.</summary>
    public bool NamesPatients { get; init; }

    /// <summary>Some record of this load or an earlier one is of the day of its stay, and is to follow it.</summary>
    public bool DatesByStay { get; init; }

    /// <summary>Locations that are a room or a bed; ascending.</summary>
    public IReadOnlyList<long> Rooms { get; init; } = [];

    /// <summary>Of Consents that stand in a version that says nothing, or were deleted, the last version that said something and was heard; ascending.</summary>
    public IReadOnlyList<Version> Said { get; init; } = [];

    /// <summary>Some stay of this load or an earlier one is part of another.</summary>
    public bool HasInnerStays { get; init; }

    /// <summary>The servers whose resources came, where an address told: keyed codes.</summary>
    public IReadOnlyList<long> Servers { get; init; } = [];

    /// <summary>More of them are not kept.</summary>
    public const int MostOpen = 1 << 17;

    /// <summary>What rows name as their practitioner, organization or encounter that no load brought: once it is known, they are looked for. Null where nobody kept that, or they are many.</summary>
    public long[]? Open { get; init; } = [];

    /// <summary>The identifiers by which they name an encounter that no load brought.</summary>
    public long[] OpenStays { get; init; } = [];

    /// <returns>Whether a version of it was kept.</returns>
    public bool HasVersion(long key) => Versions.AsSpan().BinarySearch(new Version(key, 0, 0)) >= 0;

    public byte[] ToBytes()
    {
        var words = JsonSerializer.SerializeToUtf8Bytes(new(Codes, Sources, NumberSystems, NamesPatients, Servers, DatesByStay, HasInnerStays, Rooms, Said), LinkWordsJson.Default.LinkWords);
        long[] head = [Format, Names.Length, Former.Length, Roles.Length, Versions.Length, Defined.Length, Open?.Length ?? -1, OpenStays.Length];
        return [.. Bytes(head), .. Bytes(Names), .. Bytes(Former), .. Bytes(Roles), .. Bytes(Versions), .. Bytes(Defined), .. Bytes(Open), .. Bytes(OpenStays), .. words];
    }

    /// <param name="kept">What <see cref="ToBytes"/> gave, or the JSON of an earlier version of the program; null where there is none.</param>
    public static KeptLinks Parse(byte[]? kept)
    {
        if (kept is null) return new();
        if (kept is [(byte)'{', ..]) return LinksBefore3.Parse(kept);
        var rest = kept.AsSpan();
        var head = Next<long>(ref rest, 8);
        var links = new KeptLinks
        {
            Names = Next<Name>(ref rest, head[1]),
            Former = Next<Name>(ref rest, head[2]),
            Roles = Next<Role>(ref rest, head[3]),
            Versions = Next<Version>(ref rest, head[4]),
            Defined = Next<Definition>(ref rest, head[5]),
            Open = head[6] < 0 ? null : Next<long>(ref rest, head[6]),
            OpenStays = Next<long>(ref rest, head[7]),
        };
        var words = JsonSerializer.Deserialize(rest, LinkWordsJson.Default.LinkWords)!;
        return links with { Codes = words.Codes, Sources = words.Sources, NumberSystems = words.NumberSystems, NamesPatients = words.NamesPatients, Servers = words.Servers ?? [], DatesByStay = words.DatesByStay, HasInnerStays = words.HasInnerStays, Rooms = words.Rooms ?? [], Said = words.Said ?? [] };
    }

    /// <summary>All but some: mostly all there are.</summary>
    public static T[] Without<T>(T[] all, Predicate<T> some) => Array.Exists(all, some) ? Array.FindAll(all, one => !some(one)) : all;

    static ReadOnlySpan<byte> Bytes<T>(T[]? numbers) where T : unmanaged => MemoryMarshal.AsBytes<T>(numbers);

    static T[] Next<T>(ref Span<byte> rest, long count) where T : unmanaged
    {
        var numbers = GC.AllocateUninitializedArray<T>((int)count);
        var bytes = MemoryMarshal.AsBytes(numbers.AsSpan());
        rest[..bytes.Length].CopyTo(bytes);
        rest = rest[bytes.Length..];
        return numbers;
    }
}

/// <summary>What of <see cref="KeptLinks"/> is words, or few.</summary>
/// <param name="Servers">Null where an earlier version of the program wrote it.</param>
sealed record LinkWords(IReadOnlyList<KeptLinks.DefinedCode> Codes, IReadOnlyList<string> Sources, IReadOnlyList<string> NumberSystems, bool NamesPatients, IReadOnlyList<long>? Servers, bool DatesByStay = false, bool HasInnerStays = false, IReadOnlyList<long>? Rooms = null, IReadOnlyList<KeptLinks.Version>? Said = null);

[JsonSerializable(typeof(LinkWords))]
sealed partial class LinkWordsJson : JsonSerializerContext;
