using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ambroise.Cohorts.Engine;

/// <summary>The first and last day of one patient's windows, for one or for eight of them.</summary>
interface IWindowEdges
{
    (int Low, int High) At(int window);

    /// <returns>Of windows from one on; those past the patient's last are of no account.</returns>
    (Vector256<int> Low, Vector256<int> High) Eight(int window);
}

/// <summary>Windows whose edges were reckoned before.</summary>
/// <param name="low">With room for eight more.</param>
readonly ref struct ListedWindows(ReadOnlySpan<int> low, ReadOnlySpan<int> high) : IWindowEdges
{
    readonly ReadOnlySpan<int> low = low, high = high;

    public (int Low, int High) At(int window) => (low[window], high[window]);

    public (Vector256<int> Low, Vector256<int> High) Eight(int window) => (Vector256.Create(low.Slice(window, Vector256<int>.Count)), Vector256.Create(high.Slice(window, Vector256<int>.Count)));
}

/// <summary>Windows of so many days around the starts of index events, those of one patient cut by the same observation period.</summary>
readonly ref struct DayWindows
{
    readonly ReadOnlySpan<int> index;

    /// <summary>A mask for the index day, or zero where the edge does not count from it, and the days from it.</summary>
    readonly int lowMask, lowDays, highMask, highDays;

    public DayWindows(ReadOnlySpan<int> index, int? low, int? high)
    {
        this.index = index;
        (lowMask, lowDays) = low is { } from ? (-1, from) : (0, int.MinValue);
        (highMask, highDays) = high is { } to ? (-1, to) : (0, int.MaxValue);
    }

    /// <summary>Whether windows begin no sooner, or end no later, than the period's first day, or its last.</summary>
    public bool LowOpens { get; init; }
    public bool LowCloses { get; init; }
    public bool HighOpens { get; init; }
    public bool HighCloses { get; init; }

    /// <summary>Those of one patient.</summary>
    /// <param name="first">Their first index event.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public OfPatient Of(int first, int open, int close) => new(index[first..], lowMask, lowDays, highMask, highDays,
        Math.Max(LowOpens ? open : int.MinValue, LowCloses ? close : int.MinValue), Math.Min(HighOpens ? open : int.MaxValue, HighCloses ? close : int.MaxValue));

    [method: MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ref struct OfPatient(ReadOnlySpan<int> index, int lowMask, int lowDays, int highMask, int highDays, int low, int high) : IWindowEdges
    {
        readonly ReadOnlySpan<int> index = index;

        public (int Low, int High) At(int window) => (Math.Max(low, (index[window] & lowMask) + lowDays), Math.Min(high, (index[window] & highMask) + highDays));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (Vector256<int> Low, Vector256<int> High) Eight(int window)
        {
            var day = index.Length - window >= Vector256<int>.Count ? Vector256.Create(index.Slice(window, Vector256<int>.Count)) : Last(index[window..]);
            return (Vector256.Max(Vector256.Create(low), (day & Vector256.Create(lowMask)) + Vector256.Create(lowDays)),
                Vector256.Min(Vector256.Create(high), (day & Vector256.Create(highMask)) + Vector256.Create(highDays)));
        }

        /// <returns>The last of the list, fewer than eight.</returns>
        static Vector256<int> Last(ReadOnlySpan<int> days)
        {
            Span<int> eight = stackalloc int[Vector256<int>.Count];
            eight.Clear();
            days.CopyTo(eight);
            return Vector256.Create((ReadOnlySpan<int>)eight);
        }
    }
}
