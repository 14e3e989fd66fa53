namespace Ambroise.Cohorts.Engine;

/// <summary>Puts events in order of (patient, start, id) by counting patients, then sorting the few of each.</summary>
static class EventOrder
{
    /// <param name="ids">May be empty: then equal starts stay as they come.</param>
    /// <returns>The order, or null where the events are in it already.</returns>
    public static int[]? Of(ushort[] patients, int[] starts, long[] ids, int shardPatients)
    {
        var sorted = true;
        for (var i = 1; i < patients.Length && sorted; i++)
            sorted = patients[i - 1] < patients[i] || (patients[i - 1] == patients[i] && (starts[i - 1] < starts[i] || (starts[i - 1] == starts[i] && (ids.Length == 0 || ids[i - 1] <= ids[i]))));
        if (sorted) return null;

        var order = new int[patients.Length];
        if (patients.Length * 8 < shardPatients)
        {
            for (var i = 0; i < order.Length; i++) order[i] = i;
            order.AsSpan().Sort((a, b) => patients[a] != patients[b] ? patients[a].CompareTo(patients[b]) : Compare(a, b));
            return order;
        }
        var from = new int[shardPatients + 1];
        foreach (var patient in patients) from[patient + 1]++;
        for (var p = 0; p < shardPatients; p++) from[p + 1] += from[p];
        for (var i = 0; i < patients.Length; i++) order[from[patients[i]]++] = i;
        // Each entry of from is now the end of its patient's events.
        for (int p = 0, at = 0; p < shardPatients; at = from[p++])
        {
            var length = from[p] - at;
            if (length < 2) continue;
            var mine = order.AsSpan(at, length);
            if (length > 24)
            {
                mine.Sort(Compare);
                continue;
            }
            for (var i = 1; i < length; i++)
            {
                var (moving, j) = (mine[i], i);
                while (j > 0 && Compare(mine[j - 1], moving) > 0) mine[j] = mine[--j];
                mine[j] = moving;
            }
        }
        return order;

        int Compare(int a, int b)
        {
            if (starts[a] != starts[b]) return starts[a].CompareTo(starts[b]);
            if (ids.Length > 0 && ids[a] != ids[b]) return ids[a].CompareTo(ids[b]);
            return a.CompareTo(b);
        }
    }
}
