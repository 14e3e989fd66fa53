using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Bench;

/// <summary>What is vectorised by hand in the reading of FHIR, against what the platform offers for it: lines of JSON, and keyed hashes of names. One thread, processor time, the best of the runs.</summary>
static class JsonBench
{
    public static void Measure(string folder, int runs)
    {
        var files = Directory.EnumerateFiles(folder, "*.ndjson").Select(File.ReadAllBytes).ToList();
        double megabytes = files.Sum(f => (long)f.Length) / 1e6;
        var tape = new JsonTape();
        Tell("JsonTape", megabytes, "MB", runs, () =>
        {
            foreach (var file in files)
                for (ReadOnlyMemory<byte> rest = file; rest.Length > 0;)
                    if (tape.Read(Line(ref rest)) is { } reason) throw new InvalidDataException(reason);
        });
        Tell("Utf8JsonReader, each token looked at", megabytes, "MB", runs, () =>
        {
            foreach (var file in files)
                for (ReadOnlyMemory<byte> rest = file; rest.Length > 0;)
                {
                    var reader = new Utf8JsonReader(Line(ref rest).Span);
                    while (reader.Read()) { }
                }
        });
        const int Names = 1_000_000;
        var key = SHA256.HashData("a bench of its own"u8);
        var names = Enumerable.Range(0, Names).Select(n => Encoding.UTF8.GetBytes($"Observation/00000000-0000-0000-0000-{n:D12}")).ToList();
        using var hash = new KeyedHash(key);
        Tell("KeyedHash, eight side by side", Names, "names", runs, () =>
        {
            for (var n = 0; n < names.Count; n += KeyedHash.Lanes)
            {
                for (var lane = 0; lane < KeyedHash.Lanes; lane++) hash.Put(lane, names[n + lane]);
                hash.Run();
            }
        });
        Tell("KeyedHash, one by one", Names, "names", runs, () =>
        {
            foreach (var name in names) hash.Of(name);
        });
        using var platform = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        var code = new byte[HMACSHA256.HashSizeInBytes];
        Tell("IncrementalHash", Names, "names", runs, () =>
        {
            foreach (var name in names)
            {
                platform.AppendData(name);
                platform.TryGetHashAndReset(code, out _);
            }
        });
    }

    static ReadOnlyMemory<byte> Line(ref ReadOnlyMemory<byte> rest)
    {
        var end = rest.Span.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return line;
    }

    static void Tell(string what, double amount, string unit, int runs, Action run)
    {
        var best = double.MaxValue;
        for (var n = 0; n <= runs; n++) // the first compiles it
        {
            var before = Environment.CpuUsage.TotalTime;
            run();
            best = Math.Min(best, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
        }
        Console.WriteLine($"{what,-40} {amount / best,14:N0} {unit}/s");
    }
}
