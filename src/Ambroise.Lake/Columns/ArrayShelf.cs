using System.Numerics;
using System.Runtime.CompilerServices;

namespace Ambroise.Lake.Columns;

/// <summary>Arrays of rows put back after use and taken again. A load fills and empties gigabytes of them: left to the collector, what is dead stays in memory several times over,
/// and what is collected goes back to the system page by page, only to be asked for again. Safe for several threads.</summary>
/// <param name="bytes">Arrays in use and at rest together stay under this as long as those in use do.</param>
public sealed class ArrayShelf(long bytes)
{
    const int Least = 16, FineFrom = 1 << 16;
    readonly Dictionary<(Type Type, int Length), Stack<Array>> resting = [];
    readonly Lock gate = new();
    long used, atRest;

    /// <summary>Bytes of the arrays handed out.</summary>
    public long Used => Volatile.Read(ref used);

    /// <returns>An array of at least <paramref name="least"/> elements, whatever its last user left in it.</returns>
    public T[] Take<T>(int least) where T : unmanaged
    {
        var length = Length(least);
        var size = (long)length * Unsafe.SizeOf<T>();
        lock (gate)
        {
            used += size;
            if (resting.TryGetValue((typeof(T), length), out var same) && same.TryPop(out var found))
            {
                atRest -= size;
                return (T[])found;
            }
            while (atRest > 0 && used + atRest > bytes) DropLargest();
        }
        try
        {
            return FreshArray.Of<T>(length);
        }
        catch (OutOfMemoryException)
        {
            // Where the heap is bounded, what rests here and what is dead but not yet collected must not be what a row fails for.
            Empty();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return FreshArray.Of<T>(length);
        }
    }

    void Empty()
    {
        lock (gate)
        {
            resting.Clear();
            atRest = 0;
        }
    }

    /// <summary>Puts back an array that <see cref="Take"/> handed out and that nobody looks at any more.</summary>
    public void Give<T>(T[] array) where T : unmanaged
    {
        var size = (long)array.Length * Unsafe.SizeOf<T>();
        lock (gate)
        {
            used -= size;
            if (used + atRest + size > bytes) return;
            if (!resting.TryGetValue((typeof(T), array.Length), out var same)) resting[(typeof(T), array.Length)] = same = [];
            same.Push(array);
            atRest += size;
        }
    }

    /// <summary>Takes over arrays that came from elsewhere, as if it had handed them out.</summary>
    /// <param name="size">Their bytes.</param>
    public void TakeOver(long size)
    {
        lock (gate) used += size;
    }

    /// <summary>Leaves to the collector one array of the kind of which most rests unused.</summary>
    void DropLargest()
    {
        var most = resting.MaxBy(kind => (long)kind.Value.Count * Size(kind.Key));
        most.Value.Pop();
        atRest -= Size(most.Key);
    }

    static long Size((Type Type, int Length) kind) =>
        (long)kind.Length * (kind.Type == typeof(byte) ? 1 : kind.Type == typeof(short) ? 2 : kind.Type == typeof(int) ? 4 : 8);

    /// <summary>Few different lengths, so that arrays fit again: powers of two, in eighths of them where an array is large.</summary>
    internal static int Length(int least)
    {
        if (least <= Least) return Least;
        var power = (long)BitOperations.RoundUpToPowerOf2((uint)least);
        if (power <= FineFrom) return (int)power;
        var step = power >> 4;
        return (int)Math.Min(Array.MaxLength, (least + step - 1) / step * step);
    }
}
