using System.Text;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>What FHIR R4 lets the status and the intent of the resources say that are read: anything else is no code, and may be anybody's words.</summary>
static class FhirCodes
{
    static readonly HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> codes = new HashSet<byte[]>(
        "abandoned active amended appended arrived available cancelled completed corrected current declined draft entered-in-error final finished health-unknown in-progress inactive intended not-done not-taken on-hold onleave partial planned preliminary preparation proposed registered rejected revoked stopped superseded suspended triaged unavailable unknown unsatisfactory proposal plan order original-order reflex-order filler-order instance-order option directive"
            .Split(' ').Select(Encoding.UTF8.GetBytes), Utf8Keys.Comparer).GetAlternateLookup<ReadOnlySpan<byte>>();

    public static bool Known(ReadOnlySpan<byte> code) => codes.Contains(code);
}
