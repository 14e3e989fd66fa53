using Ambroise.Bench;

switch (args)
{
    case ["load", var folder, .. var rest]:
        await LoadBench.RunAsync(folder, rest is [var runs, ..] ? int.Parse(runs) : 3, 6L << 30);
        return 0;
    case ["decode", var folder, .. var rest]:
        await DecodeBench.RunAsync(folder, rest is [var passes, ..] ? int.Parse(passes) : 30, 2L << 30);
        return 0;
    case ["read", var folder, .. var rest]:
        ReadBench.Run(folder, rest is [var times, ..] ? int.Parse(times) : 3, 1L << 30);
        return 0;
    case ["cohorts", var patients, .. var rest]:
        await CohortBench.RunAsync(long.Parse(patients), sorted: !rest.Contains("--unsorted-only"), sql: !rest.Contains("--alone"), After("--keep"), After("--only"));
        string? After(string option) => Array.IndexOf(rest, option) is >= 0 and var at && at + 1 < rest.Length ? rest[at + 1] : null;
        return 0;
    case ["library", var folder, var definitions, .. var rest]:
        await LibraryBench.RunAsync(folder, definitions, rest is [var over, ..] ? int.Parse(over) : 10, rest is [_, var often, ..] ? int.Parse(often) : 5);
        return 0;
    case ["fhir", var folder, .. var rest]:
        FhirBench.Measure(folder, rest is [var copies, ..] ? int.Parse(copies) : 12, rest is [_, var vocabulary, ..] ? vocabulary : null, rest is [_, _, var program, ..] ? program : null);
        return 0;
    case ["fhir-onto", var folder, .. var rest]:
        FhirBench.Grow(folder, rest is [var steps, ..] ? int.Parse(steps) : 8, rest is [_, var batch, ..] ? int.Parse(batch) : 12, rest is [_, _, var concepts, ..] ? concepts : null, rest is [_, _, _, var by, ..] ? by : null);
        return 0;
    case ["json", var folder, .. var rest]:
        JsonBench.Measure(folder, rest is [var each, ..] ? int.Parse(each) : 5);
        return 0;
    case ["fhir-copies", var folder, var to, var count, .. var rest]:
        FhirCopies.Write(folder, to, rest is [var first] ? int.Parse(first) : 0, int.Parse(count));
        return 0;
    case ["cdm-copies", var original, var target, var howMany]:
        CopiedCdm.Write(original, target, int.Parse(howMany));
        return 0;
    default:
        Console.Error.WriteLine("load FOLDER [RUNS]   OMOP Parquet into a sealed release, against DuckDB's sort and copy");
        Console.Error.WriteLine("decode FOLDER [N]    a sealed release read back, three columns of condition_occurrence on one core");
        Console.Error.WriteLine("read FOLDER [RUNS]   OMOP files of any format into checked batches, nothing written");
        Console.Error.WriteLine("cohorts PATIENTS [--unsorted-only|--alone] [--only TEXT] [--keep FOLDER]   twelve cohort counts over sealed files, against SQL on DuckDB");
        Console.Error.WriteLine("library FOLDER DEFINITIONS [COPIES [PASSES]]   every definition of a folder answered and its rows written, over OMOP files with their vocabulary, many times over");
        Console.Error.WriteLine("fhir FOLDER [COPIES [VOCABULARY [PROGRAM]]]   FHIR NDJSON, many times over, into a sealed release, against Firely's parser and DuckDB's flattening; by PROGRAM where it is given");
        Console.Error.WriteLine("fhir-onto FOLDER [STEPS [COPIES [VOCABULARY [PROGRAM]]]]   COPIES more merged onto all before, step by step, each beside the same onto nothing");
        Console.Error.WriteLine("json FOLDER [RUNS]   lines of JSON and keyed hashes as loading FHIR reads them, against the platform's own");
        Console.Error.WriteLine("fhir-copies FOLDER TO COPIES [FIRST]   the NDJSON that 'fhir' loads, FIRST copies left out before it");
        Console.Error.WriteLine("cdm-copies FROM TO N  writes an OMOP folder N times over, each copy with patients of its own");
        return 2;
}
