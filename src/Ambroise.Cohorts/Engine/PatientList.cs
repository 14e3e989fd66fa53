namespace Ambroise.Cohorts.Engine;

/// <summary>Patients of a shard, some of them several times, in pieces that lie where they were found.</summary>
/// <param name="ascending">They ascend, from piece to piece too.</param>
sealed class PatientList(bool ascending)
{
    readonly List<ReadOnlyMemory<ushort>> pieces = [];

    public void Add(ReadOnlyMemory<ushort> patients)
    {
        if (!patients.IsEmpty) pieces.Add(patients);
    }

    /// <summary>How many patients there are.</summary>
    public int Count()
    {
        if (!ascending) return Stretches.Patients(pieces);
        var count = 0;
        for (var p = 0; p < pieces.Count; p++) count += Stretches.Count(pieces[p].Span) - (p > 0 && pieces[p].Span[0] == pieces[p - 1].Span[^1] ? 1 : 0);
        return count;
    }

    /// <summary>How many there are in several lists.</summary>
    public static int Count(IEnumerable<PatientList> lists) => Stretches.Patients(lists.SelectMany(static l => l.pieces));
}
