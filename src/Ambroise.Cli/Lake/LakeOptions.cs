using System.CommandLine;
using System.CommandLine.Parsing;
using Ambroise.Cli.Frame;
using Ambroise.Lake.Releases;

namespace Ambroise.Cli.Lake;

/// <summary>Options that the lake's commands share.</summary>
static class LakeOptions
{
    public static Option<int?> Release(CommandFrame frame) => new("--release") { HelpName = "N", Description = frame.Say("A release (else the newest)", "Une version (sinon la plus récente)") };

    /// <summary>Bytes, as 512M, 4G or 1073741824; a quarter of the machine where it is not given.</summary>
    public static Option<long> Memory(CommandFrame frame) => new("--memory")
    {
        HelpName = "SIZE",
        Description = frame.Say("Memory to use, as 512M or 4G (else a quarter of the machine)", "Mémoire à employer, comme 512M ou 4G (sinon le quart de la machine)"),
        DefaultValueFactory = _ => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4,
        CustomParser = Size,
    };

    static long Size(ArgumentResult result)
    {
        var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value.Trim();
        var (digits, unit) = text.Length > 0 && char.ToUpperInvariant(text[^1]) is 'K' or 'M' or 'G' or 'T' ? (text[..^1], char.ToUpperInvariant(text[^1])) : (text, ' ');
        var shift = unit switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        if (long.TryParse(digits, out var size) && size > 0 && size <= long.MaxValue >> shift && size << shift >= 64 << 20) return size << shift;
        result.AddError($"'{text}' is no size of 64M or more: give a number of bytes, or one with K, M, G or T.");
        return 0;
    }

    /// <summary>The tenant's lake, with its keys in memory as long as <paramref name="tenant"/> lives.</summary>
    public static TenantLake Lake(this OpenTenant tenant, TimeProvider clock) => new(tenant.Folder, tenant.Id.Value, tenant.Keys, tenant.Ledger, clock);
}
