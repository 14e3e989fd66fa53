using System.IO.Compression;
using System.Text.RegularExpressions;

namespace Ambroise.Bench;

/// <summary>A folder of FHIR many times over: in copy n the first four digits of every UUID are turned by n, so that ids stay distinct and what refers to them still does.</summary>
static partial class FhirCopies
{
    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    /// <summary>Writes copies of a folder's NDJSON, a plain file a type and copy.</summary>
    /// <param name="first">Number of the first copy, 0 for the folder as it is.</param>
    /// <param name="types">Null for all.</param>
    /// <returns>Resources and bytes written.</returns>
    public static (long Resources, long Bytes) Write(string folder, string to, int first, int copies, IReadOnlyCollection<string>? types = null)
    {
        Directory.CreateDirectory(to);
        long resources = 0;
        foreach (var path in Directory.EnumerateFiles(folder, "*.ndjson*"))
        {
            var type = Path.GetFileName(path).Split('.')[0];
            if (types?.Contains(type) == false) continue;
            using var text = path.EndsWith(".gz", StringComparison.Ordinal) ? new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress)) : new StreamReader(path);
            var files = Enumerable.Range(first, copies).Select(n => new StreamWriter(Path.Combine(to, $"{type}.{n:D4}.ndjson"))).ToList();
            while (text.ReadLine() is { } line)
            {
                if (line.Length == 0) continue;
                for (var n = 0; n < copies; n++)
                {
                    files[n].Write(first + n == 0 ? line : Turned(line, first + n));
                    files[n].Write('\n');
                }
                resources += copies;
            }
            foreach (var file in files) file.Dispose();
        }
        return (resources, new DirectoryInfo(to).EnumerateFiles().Sum(f => f.Length));
    }

    static string Turned(string line, int n)
    {
        var turned = line.ToCharArray();
        foreach (var id in Uuid().EnumerateMatches(line))
            for (var digit = 0; digit < 4; digit++)
            {
                ref var c = ref turned[id.Index + digit];
                c = "0123456789abcdef"[(c <= '9' ? c - '0' : c - 'a' + 10) ^ (n >> 4 * digit & 15)];
            }
        return new(turned);
    }
}
