using System.IO.Hashing;
using System.Text;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Json;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Whom and what the resource refers to, and by what others refer to it.</summary>
sealed partial class ResourceMapper
{
    /// <summary>Finds the key of what a reference points to.</summary>
    /// <param name="types">The types it may point to, the first taken where the reference does not say (<c>urn:uuid:</c>, a bare identifier).</param>
    /// <returns><see cref="Null.Int64"/> where there is no reference, or one to another type.</returns>
    public long Reference(JsonNode reference, params ReadOnlySpan<string> types)
    {
        isIndirect = false;
        if (!reference.Exists) return Null.Int64;
        var text = reference["reference"u8].Text;
        if (text.Length == 0)
        {
            isIndirect = true;
            if (reference.IsScalar || reference["reference"u8] is { Exists: true, IsScalar: false }) Unread = "reference";
            var identifier = reference["identifier"u8];
            return identifier["value"u8].Text.Length == 0 ? Null.Int64 : Named(types[0], identifier["system"u8].Text, identifier["value"u8].Text);
        }
        // As nearly all are: the name that its resource's key is made of. Resources that follow one another are often about one patient, and of one encounter.
        var last = lastNames[types[0].Length % lastNames.Length];
        if (names is null && last.Is(types[0], text)) return last.Key;
        if (names is null && text.Length > types[0].Length + 1 && text[types[0].Length] == '/' && Ascii.Equals(text[..types[0].Length], types[0]) && !text[(types[0].Length + 1)..].ContainsAnyExcept(IdLetters))
            return last.Set(types[0], text, keys.Of(text).Key);
        if (text[0] == '#') return Null.Int64;
        if (Ascii.EqualsIgnoreCase(text[..Math.Min(4, text.Length)], "urn:"u8))
        {
            if (names is not null && names.TryGetValue(BundleEntry.Name(Encoding.UTF8.GetString(text)), out var known))
            {
                isIndirect = known.StartsWith("PractitionerRole/", StringComparison.Ordinal);
                return Is(known.AsSpan(0, known.IndexOf('/')), types) ? keys.Of(Encoding.UTF8.GetBytes(known)).Key : Null.Int64;
            }
            return keys.Of(Encoding.UTF8.GetBytes(types[0]), text[(text.LastIndexOf((byte)':') + 1)..]).Key;
        }
        var question = text.IndexOf((byte)'?');
        if (question >= 0)
        {
            var of = LastSegment(text[..question]);
            var query = text[(question + 1)..];
            if (!query.StartsWith("identifier="u8) || !Is(of, types)) return Null.Int64;
            var value = query["identifier="u8.Length..];
            if (value.Contains((byte)'%')) value = Encoding.UTF8.GetBytes(Uri.UnescapeDataString(Encoding.UTF8.GetString(value)));
            var bar = value.IndexOf((byte)'|');
            isIndirect = true;
            return Named(Encoding.UTF8.GetString(of), bar < 0 ? default : value[..bar], value[(bar + 1)..]);
        }
        if (names is not null && names.TryGetValue(Encoding.UTF8.GetString(text), out var full)) text = Encoding.UTF8.GetBytes(full);
        var history = text.IndexOf("/_history/"u8);
        if (history >= 0) text = text[..history];
        var slash = text.LastIndexOf((byte)'/');
        if (slash <= 0) return Null.Int64;
        var type = LastSegment(text[..slash]);
        isIndirect = type.SequenceEqual("PractitionerRole"u8);
        return Is(type, types) ? keys.Of(type, text[(slash + 1)..]).Key : Null.Int64;
    }

    /// <summary>As <see cref="Reference"/>, where it names the resource itself and not by a number, whose meaning may change.</summary>
    public long Direct(JsonNode reference, string type) => Reference(reference, type) is var key && isIndirect ? Null.Int64 : key;

    /// <summary>Whether a reference is to a resource of some type, however it names it.</summary>
    public bool IsTo(JsonNode reference, string type)
    {
        var text = reference["reference"u8].Text;
        if (text.Length == 0) return Ascii.Equals(reference["type"u8].Text, type);
        if (names is not null && names.TryGetValue(BundleEntry.Name(Encoding.UTF8.GetString(text)), out var known)) return known.StartsWith($"{type}/", StringComparison.Ordinal);
        if (text.IndexOf("/_history/"u8) is >= 0 and var history) text = text[..history];
        if (text.IndexOf((byte)'?') is >= 0 and var question) return Ascii.Equals(LastSegment(text[..question]), type);
        return text.LastIndexOf((byte)'/') is > 0 and var slash ? Ascii.Equals(LastSegment(text[..slash]), type) : Ascii.Equals(reference["type"u8].Text, type);
    }

    /// <summary>Key that stands for a business identifier until the resource that carries it is known.</summary>
    public long Named(string type, ReadOnlySpan<byte> system, ReadOnlySpan<byte> value)
    {
        if (system.Length > 0 && type == "Encounter") return WithSystem(Named(type, default, value), system);
        var length = type.Length + system.Length + value.Length + 2;
        var to = length <= name.Length ? name.AsSpan() : new byte[length];
        var at = Encoding.UTF8.GetBytes(type, to);
        to[at++] = (byte)'?';
        system.CopyTo(to[at..]);
        at += system.Length;
        to[at++] = (byte)'|';
        value.CopyTo(to[at..]);
        return keys.Of(to[..(at + value.Length)]).Key;
    }

    /// <summary>An encounter's identifier with its system, from the key that stands for it without: there are many, and few systems.</summary>
    static long WithSystem(long name, ReadOnlySpan<byte> system) => Math.Max(1, (long)XxHash3.HashToUInt64(system, name) & long.MaxValue);

    /// <summary>Tells how this resource is connected with others.</summary>
    public void Connect(FactKind kind, long one, long other) => Chunk.Facts.Add(new(kind, tag, one, other));

    /// <summary>Lets conditional references find this resource by its identifiers.</summary>
    public void AliasIdentifiers()
    {
        foreach (var name in IdentifierNames()) Connect(FactKind.Name, name, Key.Key);
    }

    /// <summary>Keys that stand for the resource's identifiers, each with its system and without. To be used before the next resource's.</summary>
    List<long> IdentifierNames()
    {
        identifierNames.Clear();
        foreach (var identifier in Resource["identifier"u8].Items)
        {
            if (identifier["value"u8].Text is not { Length: > 0 } value) continue;
            identifierNames.Add(Named(Type, default, value));
            if (identifier["system"u8].Text is { Length: > 0 } system) identifierNames.Add(Named(Type, system, value));
        }
        return identifierNames;
    }

    readonly List<long> identifierNames = [];

    /// <summary>Lets conditional references find this resource by one identifier.</summary>
    public void AliasIdentifier(ReadOnlySpan<byte> system, ReadOnlySpan<byte> value)
    {
        Connect(FactKind.Name, Named(Type, system, value), Key.Key);
        Connect(FactKind.Name, Named(Type, default, value), Key.Key);
    }

    static ReadOnlySpan<byte> LastSegment(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..];

    static bool Is(ReadOnlySpan<byte> type, ReadOnlySpan<string> types)
    {
        foreach (var one in types)
            if (type.Length == one.Length && Ascii.Equals(type, one)) return true;
        return false;
    }

    static bool Is(ReadOnlySpan<char> type, ReadOnlySpan<string> types)
    {
        foreach (var one in types)
            if (type.SequenceEqual(one)) return true;
        return false;
    }

    /// <summary>Sets <see cref="Person"/>.</summary>
    /// <returns>Null, or the fate of a resource that is about no patient.</returns>
    public Fate? TrySubject(JsonNode subject, string field)
    {
        Person = Reference(subject, "Patient");
        if (Person != Null.Int64)
        {
            if (isIndirect) Chunk.NamedPatients.Add(PersonNamedBy = Person);
            return null;
        }
        if (!subject.Exists) return Fate.Refused(field, "reference-missing");
        var text = subject["reference"u8].Text;
        return text.Length > 0 && !text.StartsWith("urn:"u8) && text[0] != '#' && text.Contains((byte)'/') && !text.StartsWith("Patient"u8) ? Fate.Aside("subject-not-patient") : Fate.Refused(field, "reference-invalid");
    }

    public long Visit(JsonNode encounter)
    {
        var key = Reference(encounter, "Encounter");
        if (!isIndirect || key == Null.Int64) return key;
        Chunk.NamedEncounters.Add(key);
        return key == followed.Name ? followed.Encounter : key;
    }

    /// <summary>Identifiers of encounters that others name them by; null while nobody knows them: then all are handed over, for whoever asks.</summary>
    public IReadOnlySet<long>? EncountersAsked { get; set; }

    /// <summary>The encounter bears one of them.</summary>
    public bool IsAsked { get; private set; }

    /// <summary>Keys that stand for the identifiers of the encounter, for the loads to come; null where there is none.</summary>
    public List<long>? NamedAs { get; private set; }

    /// <summary>Takes an encounter's identifiers, and tells of those that are asked for.</summary>
    public void NameEncounter()
    {
        foreach (var name in NamedAs = IdentifierNames())
        {
            if (EncountersAsked is null) Chunk.StayNames.Add((tag, name, Key.Key));
            if (EncountersAsked?.Contains(name) != true) continue;
            Connect(FactKind.Name, name, Key.Key);
            IsAsked = true;
        }
    }

    public long Provider(JsonNode practitioner)
    {
        var key = Reference(practitioner, "Practitioner", "PractitionerRole");
        if (isIndirect) ProviderNamedBy = key;
        return key;
    }

    /// <param name="type">Or <c>Location</c>.</param>
    public long CareSite(JsonNode site, string type = "Organization")
    {
        var key = Reference(site, type);
        if (isIndirect) CareSiteNamedBy = key;
        return key;
    }
}
