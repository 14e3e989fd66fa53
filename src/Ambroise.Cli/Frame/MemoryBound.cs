namespace Ambroise.Cli.Frame;

/// <summary>Holds the process to the memory a command was given: the collector, left to itself on a large machine, lets garbage grow to several times what is in use.</summary>
/// <param name="Total">What <c>--memory</c> gave, in bytes.</param>
readonly record struct MemoryBound(long Total)
{
    /// <summary>Below this a shard of an ordinary hospital does not fit: a smaller bound would only fail.</summary>
    const long Floor = 768L << 20;

    /// <summary>For what is outside the collector's heap: DuckDB's buffers.</summary>
    public long Native => Total / 4;

    /// <summary>For rows waiting to be sorted; as much again is used by the shards being sorted and written.</summary>
    public long Rows => Total / 3;

    /// <summary>Limits the collector's heap for the rest of the process to what <see cref="Native"/> leaves.</summary>
    public void Apply()
    {
        AppContext.SetData("GCHeapHardLimit", (ulong)Math.Max(Floor, Total - Native));
        GC.RefreshMemoryLimit();
    }

    /// <summary>What to say where the bound was too tight for the input.</summary>
    public Failure Exceeded => new(FailureKind.TooCostly, "load.memory", $"A shard of this input needs more than {Total >> 20} MiB: nothing was loaded. Raise --memory.");
}
