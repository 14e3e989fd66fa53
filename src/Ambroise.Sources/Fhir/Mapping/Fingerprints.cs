using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>All that a record's rows follow from, as one number: its text, the program that mapped it, the code book, the site's options, the code of the medication or device it names, and the day it has from its stay. A resource that comes again with
/// the same one would become the same rows, so that those there stay.</summary>
/// <remarks>64 bits of XXH3: of two texts of one resource that differ, one in 10^19 is taken for the other.</remarks>
sealed class Fingerprints(CodeBook codes, FhirOptions options, Definitions definitions)
{
    readonly ulong mapping = Hash(string.Join('\n',
        [Program(typeof(Fingerprints)), Program(typeof(Column)), codes.Identity, options.Zone?.Id ?? "", string.Join('\t', options.Intents.Order(StringComparer.Ordinal)), string.Join('\t', options.NumberSystems.Order(StringComparer.Ordinal))]));

    /// <param name="text">Hash of the resource's bytes.</param>
    /// <param name="definition">What it refers to by its code, <see cref="Null.Int64"/> for nothing.</param>
    /// <param name="stayDay">The day it has from its stay, <see cref="Null.Int32"/> where it has its own.</param>
    /// <returns>Never null.</returns>
    public long Of(ulong text, long definition, int stayDay = Null.Int32)
    {
        var code = definition != Null.Int64 && definitions.TryGet(definition, out var coded) ? Hash(string.Create(CultureInfo.InvariantCulture, $"{coded.Meaning.Vocabulary}\n{coded.Meaning.Code}")) : 0;
        Span<byte> all = stackalloc byte[4 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(all, text);
        BinaryPrimitives.WriteUInt64LittleEndian(all[8..], mapping);
        BinaryPrimitives.WriteUInt64LittleEndian(all[16..], code);
        BinaryPrimitives.WriteInt64LittleEndian(all[24..], stayDay);
        var mixed = (long)XxHash3.HashToUInt64(all);
        return mixed == Null.Int64 ? 0 : mixed;
    }

    /// <summary>Every build of other source has another: a mapping that was corrected is applied to what comes again.</summary>
    static string Program(Type of) => of.Module.ModuleVersionId.ToString("N");

    static ulong Hash(string text) => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text));
}
