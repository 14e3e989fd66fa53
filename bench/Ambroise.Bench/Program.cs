using Ambroise.Bench;

switch (args)
{
    case ["load", var folder, .. var rest]:
        await LoadBench.RunAsync(folder, rest is [var runs, ..] ? int.Parse(runs) : 3, 6L << 30);
        return 0;
    default:
        Console.Error.WriteLine("load FOLDER [RUNS]   OMOP Parquet into a sealed release, against DuckDB's sort and copy");
        return 2;
}
