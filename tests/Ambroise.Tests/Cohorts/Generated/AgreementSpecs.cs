using System.Diagnostics;

namespace Ambroise.Tests.Cohorts.Generated;

/// <summary>Generated definitions on generated CDMs: the engine and the reference give the same rows. Thousands a run; for hours with
/// <c>AMBROISE_NIGHTLY_MINUTES</c>; one case again with <c>AMBROISE_CASE=seed</c>.</summary>
public sealed class AgreementSpecs
{
    const int Cases = 4000;
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(45);

    [Fact]
    public void The_engine_agrees_with_the_reference()
    {
        var nightly = double.TryParse(Environment.GetEnvironmentVariable("AMBROISE_NIGHTLY_MINUTES"), out var minutes);
        var one = ulong.TryParse(Environment.GetEnvironmentVariable("AMBROISE_CASE"), out var seed);
        // A night starts where the day does not reach, and elsewhere each time.
        var from = one ? seed : nightly ? (ulong)Stopwatch.GetTimestamp() : 1;
        var clock = Stopwatch.StartNew();
        var most = nightly ? TimeSpan.FromMinutes(minutes) : Bound;
        var wrong = new List<string>();
        ulong asked = 0;
        for (; (one ? asked < 1 : nightly || asked < Cases) && clock.Elapsed < most && wrong.Count < 5; asked++)
        {
            var made = Case.Of(from + asked);
            if (made.Disagreement() is { } disagreement) wrong.Add($"seed {from + asked}: {disagreement}\nshrunk: {made.Shrunk()}");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{asked} cases in {clock.Elapsed.TotalSeconds:F1} s");
        Assert.True(wrong.Count == 0, $"{asked} cases\n{string.Join('\n', wrong)}");
        Assert.True(one || asked >= 100, "The cases are too slow: fewer than a hundred were asked.");
    }
}
