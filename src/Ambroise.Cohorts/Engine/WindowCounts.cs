using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ambroise.Cohorts.Definitions;

namespace Ambroise.Cohorts.Engine;

/// <summary>How many events are asked for, as one comparison.</summary>
readonly struct Enough(Occurrence occurrence)
{
    public readonly int Least = occurrence.Rule == OccurrenceRule.AtMost ? Math.Min(0, occurrence.Count) : occurrence.Count;
    public readonly uint More = occurrence.Rule switch { OccurrenceRule.Exactly => 0, OccurrenceRule.AtMost => (uint)Math.Max(0, occurrence.Count), _ => (uint)(int.MaxValue - occurrence.Count) };

    public bool Holds(int found) => (uint)(found - Least) <= More;
}

/// <summary>Compares one patient's events with the windows of their index events, all with all, several at a time: a wrong guess of the processor costs more than the comparisons it would spare.</summary>
readonly ref struct WindowCounts(Enough enough, Scratch scratch)
{
    /// <summary>Windows at a time. What is written for a patient may be so many longer than their windows are, and is written over by the next.</summary>
    public const int Lanes = 8;

    /// <summary>Of more events than these, it is looked up where a window begins and ends.</summary>
    const int Many = 256;

    public bool OfNone => enough.Holds(0);

    /// <summary>Of a patient without events.</summary>
    public void HoldNone(int windows, Span<byte> holds)
    {
        var eight = OfNone ? 0x0101010101010101UL : 0;
        for (var i = 0; i < windows; i += Lanes) BitConverter.TryWriteBytes(holds[i..], eight);
    }

    /// <param name="days">When the events start, in whatever order.</param>
    /// <param name="holds">One or zero by window.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Hold<TEdges>(ReadOnlySpan<int> days, scoped in TEdges edges, int windows, Span<byte> holds) where TEdges : struct, IWindowEdges, allows ref struct
    {
        if (days.Length > Many) Sorted(days, edges, windows, holds);
        else if (windows == 1 || (windows == 2 && days.Length > Lanes)) WindowByWindow(days, edges, windows, holds);
        else EventByEvent(days, edges, windows, holds);
    }

    /// <summary>Each event is compared with eight windows.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    void EventByEvent<TEdges>(ReadOnlySpan<int> days, scoped in TEdges edges, int windows, Span<byte> holds) where TEdges : struct, IWindowEdges, allows ref struct
    {
        var (least, more) = (Vector256.Create(enough.Least - days.Length), Vector256.Create(enough.More));
        for (var i = 0; i < windows; i += Lanes)
        {
            var (from, to) = edges.Eight(i);
            var outside = Vector256<int>.Zero;
            foreach (var start in days)
            {
                var day = Vector256.Create(start);
                outside += Vector256.GreaterThan(from, day) | Vector256.GreaterThan(day, to); // true is -1
            }
            var over = (outside - least).AsUInt32();
            var held = Vector256.Equals(Vector256.Min(over, more), over).AsInt32() & Vector256<int>.One;
            var narrow = Vector128.Narrow(held.GetLower(), held.GetUpper());
            BitConverter.TryWriteBytes(holds[i..], Vector128.Narrow(narrow, narrow).AsUInt64().ToScalar());
        }
    }

    /// <summary>Each window is compared with eight events.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    void WindowByWindow<TEdges>(ReadOnlySpan<int> days, scoped in TEdges edges, int windows, Span<byte> holds) where TEdges : struct, IWindowEdges, allows ref struct
    {
        for (var i = 0; i < windows; i++)
        {
            var (low, high) = edges.At(i);
            var (lows, highs) = (Vector256.Create(low), Vector256.Create(high));
            var (e, found) = (0, 0);
            for (; e + Lanes <= days.Length; e += Lanes)
            {
                var day = Vector256.Create(days.Slice(e, Lanes));
                found += BitOperations.PopCount(~(Vector256.GreaterThan(lows, day) | Vector256.GreaterThan(day, highs)).ExtractMostSignificantBits() & 0xFF);
            }
            for (; e < days.Length; e++) found += days[e] >= low & days[e] <= high ? 1 : 0;
            holds[i] = enough.Holds(found) ? (byte)1 : (byte)0;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Sorted<TEdges>(ReadOnlySpan<int> days, scoped in TEdges edges, int windows, Span<byte> holds) where TEdges : struct, IWindowEdges, allows ref struct
    {
        var sorted = scratch.Rent<int>(days.Length).Span;
        days.CopyTo(sorted);
        sorted.Sort();
        for (var i = 0; i < windows; i++)
        {
            var (low, high) = edges.At(i);
            var found = high < low ? 0 : EventList.SeekStart(sorted, 0, sorted.Length, high + 1L) - EventList.SeekStart(sorted, 0, sorted.Length, low);
            holds[i] = enough.Holds(found) ? (byte)1 : (byte)0;
        }
    }
}
