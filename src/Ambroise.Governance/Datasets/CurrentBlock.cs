using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>A column read row by row in ascending order: the block at hand is fetched once, however small the cache behind it.</summary>
sealed class CurrentBlock<T>(Func<int, T[]> fetch)
{
    int number = -1;
    T[] values = [];

    public T this[int row]
    {
        get
        {
            if (row / IShardTable.BlockRows != number)
            {
                number = row / IShardTable.BlockRows;
                values = fetch(number);
            }
            return values[row % IShardTable.BlockRows];
        }
    }
}
