using System.Runtime.InteropServices;
using ParquetSharp;

namespace Ambroise.Lake.Sealing;

/// <summary>Where the native Parquet code takes its memory.</summary>
static partial class ParquetMemory
{
    /// <summary>The system's allocator. The library's own (mimalloc) keeps what is freed, 55 to 65 MB of it where a million patients are read on two cores: no heap limit reaches that, so <c>--memory</c> would not hold.</summary>
    public static MemoryPool Pool { get; } = Settled(MemoryPool.SystemMemoryPool());

    /// <summary>glibc: what is freed goes back to the system beyond so many bytes of each thread that writes, and what is larger than half of them at once.
    /// Left to itself it gives back every page buffer of a column, to be given it again page by page: a fourth of the page faults of a load were that.</summary>
    const int Kept = 8 << 20, TrimThreshold = -1, MapThreshold = -3;

    static MemoryPool Settled(MemoryPool pool)
    {
        if (!OperatingSystem.IsLinux()) return pool;
        try
        {
            _ = SetOption(TrimThreshold, Kept);
            _ = SetOption(MapThreshold, Kept / 2);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc: no such setting is needed.
        }
        return pool;
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetOption(int option, int value);
}
