using System.CommandLine;
using System.CommandLine.Parsing;
using Ambroise.Cli.Frame;
using Ambroise.Lake.Releases;

namespace Ambroise.Cli.Lake;

/// <summary>Options that the lake's commands share.</summary>
static class LakeOptions
{
    public static Option<int?> Release(CommandFrame frame) => new("--release") { HelpName = "N", Description = frame.Say("A release (else the newest)", "Une version (sinon la plus récente)") };

    /// <summary>Bytes, as 512M, 4G or 1073741824, <see cref="MemoryBound.Least"/> or more; <see cref="MemoryBound.Usual"/> where it is not given.</summary>
    public static Option<long?> Memory(CommandFrame frame) => new("--memory")
    {
        HelpName = "SIZE",
        Description = frame.Say("Most memory the process may take, as 1G or 4096M, 512M at least (else a quarter of the machine)", "Mémoire que le processus peut prendre au plus, comme 1G ou 4096M, au moins 512M (sinon le quart de la machine)"),
        CustomParser = Size,
    };

    /// <summary>How much may be refused: 0 or more.</summary>
    public static Option<long> Rejects(CommandFrame frame, string says)
    {
        var rejects = new Option<long>("--max-rejects") { HelpName = "N", DefaultValueFactory = _ => 1_000_000, Description = says };
        rejects.Validators.Add(r => { if (r.Tokens is [var said] && long.TryParse(said.Value, out var most) && most < 0) r.AddError(frame.Say("--max-rejects is 0 or more.", "--max-rejects va de 0 à tout nombre positif.")); });
        return rejects;
    }

    static long? Size(ArgumentResult result)
    {
        var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value.Trim();
        var (digits, unit) = text.Length > 0 && char.ToUpperInvariant(text[^1]) is 'K' or 'M' or 'G' or 'T' ? (text[..^1], char.ToUpperInvariant(text[^1])) : (text, ' ');
        var shift = unit switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        if (long.TryParse(digits, out var size) && size > 0 && size <= long.MaxValue >> shift && size << shift >= MemoryBound.Least) return size << shift;
        result.AddError($"'{text}' is no size of {MemoryBound.Least >> 20}M or more: give a number of bytes, or one with K, M, G or T.");
        return 0;
    }

    /// <summary>The tenant's lake, with its keys in memory as long as <paramref name="tenant"/> lives.</summary>
    public static TenantLake Lake(this OpenTenant tenant, TimeProvider clock) => new(tenant.Folder, tenant.Id.Value, tenant.Keys, tenant.Ledger, clock);
}
