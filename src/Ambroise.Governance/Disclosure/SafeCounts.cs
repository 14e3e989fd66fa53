using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Ambroise.Governance.Control;
using Ambroise.Vault;
using Ambroise.Vault.Files;

namespace Ambroise.Governance.Disclosure;

/// <summary>Counts for people without a permit: the only code that turns a set of patients into a number such a person sees. See docs/disclosure.md.</summary>
/// <remarks>An answer depends on the set of patients and on the answers given before, never on how the question was put. It is durable before it is shown.</remarks>
public sealed class SafeCounts : IDisposable
{
    const string Group = "disclosure";
    static readonly string[] KeyNames = ["patients", "noise", "memory", "rules"];
    const double Unit = 1.0 / (1L << 53);
    readonly AnsweredSets answered;
    readonly KeyRing keys;

    SafeCounts(KeyRing keys, DisclosureRules rules, AnsweredSets answered) => (this.keys, Rules, this.answered) = (keys, rules, answered);

    public DisclosureRules Rules { get; }

    /// <summary>Sets whose answer is kept.</summary>
    public int Answered => answered.Count;

    /// <summary>Takes the tenant's memory of answers; dispose soon, others wait for it.</summary>
    /// <param name="tenantFolder">The tenant's folder: the memory is in its <c>disclosure/</c>.</param>
    /// <returns>The counts; or <c>disclosure.busy</c>, <c>disclosure.memory-tampered</c>, <c>disclosure.rules-tampered</c>.</returns>
    public static Result<SafeCounts> Open(string tenantFolder, KeyRing keys)
    {
        if (!keys.Has(Group, KeyNames[0])) keys.Create(Group, KeyNames);
        if (ReadRules(tenantFolder, keys).Failed(out var failure, out var rules)) return failure;
        return AnsweredSets.Open(Path.Combine(tenantFolder, Group, "answered.sealed"), keys.Get(Group, "memory")).Failed(out failure, out var sets)
            ? failure
            : new SafeCounts(keys, rules, sets);
    }

    /// <summary>Sets the tenant's rules. Answers already given stay as they are.</summary>
    /// <returns>The rules, or <c>disclosure.rules-invalid</c>.</returns>
    public static Result<DisclosureRules> SetRules(string tenantFolder, KeyRing keys, DisclosureRules rules)
    {
        if (rules.Checked().Failed(out var failure, out _)) return failure;
        if (!keys.Has(Group, KeyNames[0])) keys.Create(Group, KeyNames);
        var body = JsonSerializer.SerializeToUtf8Bytes(rules, KeptJson.AsDeclared<DisclosureRules>());
        DurableFile.CreateFolder(Path.Combine(tenantFolder, Group));
        DurableFile.Replace(RulesPath(tenantFolder), [.. HMACSHA256.HashData(keys.Get(Group, "rules").Span, body), .. body]);
        return rules;
    }

    static Result<DisclosureRules> ReadRules(string tenantFolder, KeyRing keys)
    {
        if (!File.Exists(RulesPath(tenantFolder))) return new DisclosureRules();
        var bytes = File.ReadAllBytes(RulesPath(tenantFolder));
        return bytes.Length > 32 && CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(keys.Get(Group, "rules").Span, bytes.AsSpan(32)), bytes.AsSpan(0, 32))
            ? JsonSerializer.Deserialize(bytes.AsSpan(32), KeptJson.AsDeclared<DisclosureRules>())!
            : new Failure(FailureKind.Tampered, "disclosure.rules-tampered", "The tenant's disclosure rules are not what its key authenticated: set them again.");
    }

    static string RulesPath(string tenantFolder) => Path.Combine(tenantFolder, Group, "rules.json");

    /// <param name="patients">Distinct person ids, in any order.</param>
    /// <returns>What may be shown; or <c>disclosure.memory-full</c>: without room to remember an answer none is given.</returns>
    public Result<ShownCount> Show(IEnumerable<long> patients)
    {
        if (Answer(PatientSet.Of(keys.Get(Group, "patients").Span, patients)).Failed(out var failure, out var answer)) return failure;
        return new ShownCount(answer.Shown, answer.Shown is { } n ? n.ToString(System.Globalization.CultureInfo.InvariantCulture) : Rules.Withheld);
    }

    internal Result<AnsweredSet> Answer(PatientSet set)
    {
        if (answered.Find(set) is { } same) return same;
        if (answered.Count >= Rules.Answers)
            return new Failure(FailureKind.TooCostly, "disclosure.memory-full", "This tenant has answered as many different counts as it may: the data protection officer decides on more.");
        foreach (var (near, difference) in answered.Near(set, Rules.SnapWithin + Rules.SnapFade))
            if (difference < Reach(set, near.Set)) return Kept(new(set, near.Shown, Own: false));
        return Kept(new(set, Fresh(set), Own: true));
    }

    AnsweredSet Kept(AnsweredSet answer)
    {
        answered.Add(answer);
        return answer;
    }

    /// <summary>Sets nearer than this many patients to an answered one get its answer.</summary>
    int Reach(PatientSet set, PatientSet from) => Rules.SnapWithin + (Rules.SnapFade == 0 ? 0 : (int)(Draw(1, set.ToBytes(), from.ToBytes()).First * (Rules.SnapFade + 1)));

    /// <summary>The answer of a set that resembles none before. Withheld below the threshold, and near it unless the noise carries it well above: a number shown for 10 patients and
    /// never for 9 would tell them apart.</summary>
    int? Fresh(PatientSet set)
    {
        var (first, second) = Draw(0, set.ToBytes(), []);
        var normal = Math.Sqrt(-2 * Math.Log(1 - first)) * Math.Cos(2 * Math.PI * second);
        var noisy = set.Count + Math.Clamp((long)Math.Round(normal * Rules.NoiseSd), -Rules.NoiseClamp, Rules.NoiseClamp);
        if (set.Count < Rules.Threshold || noisy < Rules.Threshold + Rules.NoiseClamp) return null;
        return (int)((noisy + Rules.Rounding / 2) / Rules.Rounding * Rules.Rounding);
    }

    /// <returns>Two numbers of [0, 1) that follow from the key and the sets.</returns>
    (double First, double Second) Draw(byte purpose, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        Span<byte> code = stackalloc byte[32];
        HMACSHA256.HashData(keys.Get(Group, "noise").Span, [purpose, .. a, .. b], code);
        return ((BinaryPrimitives.ReadUInt64LittleEndian(code) >> 11) * Unit, (BinaryPrimitives.ReadUInt64LittleEndian(code[8..]) >> 11) * Unit);
    }

    public void Dispose() => answered.Dispose();
}

/// <summary>A count as a person without a permit sees it.</summary>
/// <param name="Count">Null where it is withheld.</param>
/// <param name="Text">The same as text, e.g. <c>1240</c> or <c>&lt;10</c>.</param>
public readonly record struct ShownCount(int? Count, string Text);
