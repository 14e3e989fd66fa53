using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;
using Spectre.Console;

namespace Ambroise.Cli.Demo;

/// <summary>Who is in the demo hospital and what for: an age pyramid and the most frequent conditions, read back from the sealed release.</summary>
sealed record Portrait(IReadOnlyList<Portrait.Ages> Pyramid, IReadOnlyList<Portrait.Frequent> Conditions)
{
    public sealed record Ages(int From, int To, long Men, long Women);

    public sealed record Frequent(int Concept, string Name, long Patients);

    public static Portrait Of(OpenTenant tenant, TimeProvider clock, ConceptGraph vocabulary)
    {
        using var release = tenant.OpenRelease(clock, "demo", null, 64 << 20).OrThrow();
        var ages = new long[11, 2];
        var patients = new Dictionary<int, long>();
        foreach (var shard in release.Shards)
        {
            var persons = shard.Table(Cdm54.Person)!;
            for (var block = 0; block * IShardTable.BlockRows < persons.Rows; block++)
            {
                var years = persons.Int32(Cdm54.Person["year_of_birth"], block);
                var sexes = persons.Int32(Cdm54.Person["gender_concept_id"], block);
                for (var i = 0; i < years.Length; i++) ages[Math.Clamp((2025 - years[i]) / 10, 0, 10), sexes[i] == 8532 ? 1 : 0]++;
            }
            if (shard.Table(Cdm54.ConditionOccurrence) is not { } conditions) continue;
            foreach (var run in conditions.Runs.Span)
            {
                // Within a run patients ascend: a new patient is a new ordinal.
                var last = -1;
                long count = 0;
                for (var row = run.Start; row < run.End; row++)
                    if (conditions.Patients(row / IShardTable.BlockRows)[row % IShardTable.BlockRows] is var patient && patient != last)
                    {
                        last = patient;
                        count++;
                    }
                patients[run.Concept] = patients.GetValueOrDefault(run.Concept) + count;
            }
        }
        return new([.. Enumerable.Range(0, 11).Select(i => new Ages(10 * i, 10 * i + 9, ages[i, 0], ages[i, 1]))],
            [.. patients.OrderByDescending(p => p.Value).Take(8).Select(p => new Frequent(p.Key, vocabulary.Name(p.Key) ?? $"{p.Key}", p.Value))]);
    }

    public void Show(Session session, IAnsiConsole console)
    {
        var most = Math.Max(1, Pyramid.Max(a => Math.Max(a.Men, a.Women)));
        console.MarkupLine($"[bold]{session.Say("Ages (men on the left, women on the right)", "Âges (hommes à gauche, femmes à droite)")}[/]");
        foreach (var a in Pyramid.Reverse())
        {
            int men = (int)(24 * a.Men / most), women = (int)(24 * a.Women / most);
            console.MarkupLine($"  {a.From,3}-{a.To,-3} [blue]{new string(' ', 24 - men)}{new string('█', men)}[/] [red]{new string('█', women)}[/]");
        }
        console.MarkupLine($"[bold]{session.Say("Most frequent conditions (patients)", "Affections les plus fréquentes (patients)")}[/]");
        var first = Math.Max(1, Conditions.Count == 0 ? 1 : Conditions[0].Patients);
        foreach (var c in Conditions) console.MarkupLine($"  {Markup.Escape(c.Name),-42} [teal]{new string('█', Math.Max(1, (int)(28 * c.Patients / first)))}[/] {session.Say($"{c.Patients:N0}")}");
    }
}
