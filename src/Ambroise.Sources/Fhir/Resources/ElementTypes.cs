using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Text;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Whether a resource's own elements are what FHIR R4 says they are. A word where a reference or a code should be would be read as nothing: a diagnosis without its stay, a result that nobody can name.</summary>
/// <remarks>Of what stands beneath them references and codes are checked as they are read (<see cref="ResourceMapper.Unread"/>). An element whose brackets somebody forgot, or that has some too many, is read all the same.</remarks>
static class ElementTypes
{
    /// <summary>Elements that are objects, or arrays of them, in every type that has them but those named after.</summary>
    static readonly FrozenSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> Objects = Set(
        """
        abatementPeriod activity address asserter author beneficiary billablePeriod bodySite category claim class code collection component condition contained content context dataAbsentReason daysSupply device diagnosis dispenseRequest dosage
        dosageInstruction dose doseQuantity effectivePeriod encounter extension focus generalPractitioner hasMember hospitalization identifier informationSource ingredient insurance interpretation item itemCodeableConcept
        link location managingOrganization maritalStatus medicationCodeableConcept medicationReference member meta onsetPeriod organization partOf participant patient payment payor performedPeriod performer period
        practitioner prescription presentedForm procedure procedureCode provision quantity reasonCode recorder referenceRange relationship reportOrigin requester result route scope series serviceProvider specialty statusReason subject suppliedItem
        target timingPeriod timingTiming total type vaccineCode verification
        """);

    static readonly FrozenSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> Others = Set("birthDate date effectiveDateTime gender intent onsetDateTime performedDateTime status valueBoolean valueCodeableConcept valueQuantity valueString");

    /// <returns>The first element that is of another type than it must be, or there twice: readers differ in which counts. Null where all are right.</returns>
    public static (string Element, string Reason)? Wrong(JsonNode resource, string type)
    {
        Span<ulong> seen = stackalloc ulong[32];
        var count = 0;
        foreach (var member in resource.Members)
        {
            var mark = Mark(member.Name);
            if ((count == seen.Length || seen[..count].Contains(mark)) && IsTwice(resource, member.Name)) return (Objects.Contains(member.Name) || Others.Contains(member.Name) ? Encoding.UTF8.GetString(member.Name) : "element", "element-twice"); // a name may be anybody's words
            if (count < seen.Length) seen[count++] = mark;
            if (!(member.Value.IsArray ? member.Value.First : member.Value).IsScalar) continue;
            if (Objects.Contains(member.Name) && !IsCode(type, member.Name)) return (Encoding.UTF8.GetString(member.Name), "value-unparseable");
        }
        return null;
    }

    /// <summary>Differs for nearly all names that differ.</summary>
    static ulong Mark(ReadOnlySpan<byte> name)
    {
        if (name.Length >= 8) return BinaryPrimitives.ReadUInt64LittleEndian(name) ^ BinaryPrimitives.ReadUInt64LittleEndian(name[^8..]) * 0x9E3779B97F4A7C15 ^ (ulong)name.Length;
        var mark = (ulong)name.Length;
        foreach (var letter in name) mark = mark << 8 | letter;
        return mark;
    }

    static bool IsTwice(JsonNode resource, ReadOnlySpan<byte> name)
    {
        var times = 0;
        foreach (var member in resource.Members)
            if (member.Name.SequenceEqual(name)) times++;
        return times > 1;
    }

    /// <summary>An allergy's type and category are codes.</summary>
    static bool IsCode(string type, ReadOnlySpan<byte> name) => type == "AllergyIntolerance" && (name.SequenceEqual("type"u8) || name.SequenceEqual("category"u8));

    static FrozenSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> Set(string names) =>
        names.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(Encoding.UTF8.GetBytes).ToFrozenSet(Utf8Keys.Comparer).GetAlternateLookup<ReadOnlySpan<byte>>();
}
