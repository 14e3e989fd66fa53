using Ambroise.Cli.Frame;

namespace Ambroise.Tests.Cli;

/// <summary>What a person reads has its numbers and nouns as the language writes them.</summary>
public sealed class LanguageSpecs
{
    static readonly Language English = new(false), French = new(true);

    static string Patients(Language language, long n) => language.Say($"{n:patient was|patients were} found", $"{n:patient trouvé|patients trouvés}");

    [Theory]
    [InlineData(0, "0 patients were found", "0 patient trouvé")]
    [InlineData(1, "1 patient was found", "1 patient trouvé")]
    [InlineData(2, "2 patients were found", "2 patients trouvés")]
    [InlineData(1414, "1,414 patients were found", "1\u202f414 patients trouvés")]
    public void A_count_has_its_noun_in_the_right_number(long n, string english, string french) =>
        Assert.Equal((english, french), (Patients(English, n), Patients(French, n)));

    [Fact]
    public void Numbers_are_written_as_the_language_does_and_numbers_of_things_and_days_as_they_are()
    {
        static string Told(Language language) => language.Say($"{1_234_567L:N0} rows of release {1234} since {new DateOnly(2026, 3, 1):yyyy-MM-dd}, {1.5:F1} s", $"{1_234_567L:N0} lignes de la version {1234} depuis le {new DateOnly(2026, 3, 1):yyyy-MM-dd}, {1.5:F1} s");
        Assert.Equal("1,234,567 rows of release 1234 since 2026-03-01, 1.5 s", Told(English));
        Assert.Equal("1\u202f234\u202f567 lignes de la version 1234 depuis le 2026-03-01, 1,5 s", Told(French));
        Assert.Equal("1\u202f234\u202f567", French.Say($"{1_234_567:N0}"));
    }
}
