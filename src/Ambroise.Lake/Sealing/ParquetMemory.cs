using ParquetSharp;

namespace Ambroise.Lake.Sealing;

/// <summary>Where the native Parquet code takes its memory.</summary>
static class ParquetMemory
{
    /// <summary>The system's allocator. The library's own (mimalloc) keeps what is freed, 55 to 65 MB of it where a million patients are read on two cores: no heap limit reaches that, so <c>--memory</c> would not hold.</summary>
    public static MemoryPool Pool { get; } = MemoryPool.SystemMemoryPool();
}
