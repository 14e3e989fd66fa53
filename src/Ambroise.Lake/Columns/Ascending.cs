namespace Ambroise.Lake.Columns;

/// <summary>What lies in ascending order: two such rows are gone through side by side.</summary>
public static class Ascending
{
    /// <summary>Two as one.</summary>
    public static T[] Merged<T>(T[] some, T[] others) where T : IComparable<T>
    {
        if (others.Length == 0) return some;
        var all = GC.AllocateUninitializedArray<T>(some.Length + others.Length);
        for (int at = 0, one = 0, two = 0; at < all.Length; at++)
            all[at] = two == others.Length || one < some.Length && some[one].CompareTo(others[two]) <= 0 ? some[one++] : others[two++];
        return all;
    }
}
