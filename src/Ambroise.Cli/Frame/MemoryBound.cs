namespace Ambroise.Cli.Frame;

/// <summary>Holds the process to the memory a command was given: the collector, left to itself on a large machine, lets garbage grow to several times what is in use.</summary>
/// <param name="Total">What <c>--memory</c> gave, in bytes, <see cref="Least"/> or more.</param>
readonly record struct MemoryBound(long Total)
{
    /// <summary>The smallest bound that can be kept: the program, the reader's buffers and a shard of a small hospital.</summary>
    public const long Least = 512L << 20;

    /// <summary>Where nothing is said: a quarter of the machine, in bytes.</summary>
    public static long Usual => Math.Max(Least, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    /// <summary>The program itself and what writing Parquet takes, measured: neither is the collector's nor DuckDB's.</summary>
    long Program => (96L << 20) + (Total - Least) / 32;

    /// <summary>For DuckDB's buffers, outside the collector's heap.</summary>
    public long Native => Math.Max(160L << 20, Total / 8);

    /// <summary>For rows waiting to be sorted. The shards being sorted, the keys seen and the batches being read come on top.</summary>
    public long Rows => (Total - (448L << 20)) / 2;

    /// <summary>Limits the collector's heap for the rest of the process.</summary>
    public void Apply()
    {
        AppContext.SetData("GCHeapHardLimit", (ulong)(Total - Native - Program));
        GC.RefreshMemoryLimit();
    }

    /// <summary>The collector's heap where DuckDB has no part. Outside it are the program, its compiled code and what decodes and writes Parquet: of a million patients' dataset on two cores 178 MiB at most with every table
    /// (some hundred files are open then), 158 with three.</summary>
    public long Heap => Total - (208L << 20) - (Total - Least) / 32;

    /// <summary>As <see cref="Apply"/>, for work without DuckDB.</summary>
    public void ApplyToHeap()
    {
        AppContext.SetData("GCHeapHardLimit", (ulong)Heap);
        GC.RefreshMemoryLimit();
    }

    /// <summary>What to say where the bound was too tight for the input.</summary>
    public Failure Exceeded => new(FailureKind.TooCostly, "load.memory", $"This input needs more than {Total >> 20} MiB for one shard of its rows and the keys of all of them: nothing was loaded. Raise --memory.");
}
