using System.IO.Compression;
using Ambroise.Lake.Cdm;
using Ambroise.Sources.Omop;
using DuckDB.NET.Data;

namespace Ambroise.Tests.Omop;

/// <summary>What is taken from a folder of OMOP files, what is refused, and where it stood.</summary>
public sealed class OmopSourceSpecs : IDisposable
{
    readonly OmopFiles files = new();

    [Fact]
    public void Columns_come_in_any_order_and_case_and_under_their_former_names()
    {
        files.With("Visit_Detail.CSV", """
            VISIT_DETAIL_PARENT_ID,Person_Id,visit_detail_id,visit_detail_concept_id,VISIT_DETAIL_START_DATE,visit_detail_end_date,visit_detail_type_concept_id,visit_occurrence_id,ward
            ,7,1,9201,2020-01-02,2020-01-05,32817,11,B2
            1,7,2,9203,20200103,2020-01-03T00:00:00,32817,11,
            """);
        var (rows, rejects) = files.Read(Cdm54.VisitDetail);
        Assert.Empty(rejects);
        Assert.Equal(
            [
                "1 7 9201 2020-01-02 - 2020-01-05 - 32817 - - - - - - - - - - 11 Visit_Detail.CSV:2",
                "2 7 9203 2020-01-03 - 2020-01-03 - 32817 - - - - - - - - - 1 11 Visit_Detail.CSV:3",
            ], rows);
        Assert.Equal(["Visit_Detail.CSV: not in the CDM, left out: ward"], files.Notes);
    }

    [Fact]
    public void A_table_in_two_formats_is_refused_rather_than_doubled()
    {
        files.With("death.csv", "person_id,death_date\n7,2020-01-02\n");
        File.WriteAllBytes(Path.Combine(files.Folder, "DEATH.parquet"), []);
        Assert.True(OmopFolder.Open(files.Folder).Failed(out var failure, out _));
        Assert.Equal("source.table-twice", failure.Code);
        Assert.Contains("DEATH.parquet", failure.Detail, StringComparison.Ordinal);
        Assert.Contains("death.csv", failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_refused_line_is_named_with_its_field_and_reason_and_its_neighbours_stay()
    {
        files.With("observation_period.csv", string.Join("\r\n",
            "observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id",
            "1,10,2020-01-01,2020-12-31,32817",
            "2,10,2020-13-01,2020-12-31,32817",
            "3,,2020-01-01,2020-12-31,32817",
            "4,10,2020-01-01,2019-12-31,32817",
            "5,10,2020-01-01,2020-12-31",
            "6,10,2020-01-01,2020-12-31,32817,x",
            "7,10,2020-01-01,2020-12-31,99999999999",
            "8,10,\"2020-01-01\" ,2020-12-31,32817",
            "",
            "9,\"10\",\"2020-01-01\",2020-12-31,",
            "ten,10,2020-01-01,2020-12-31,32817",
            "11,10,2020-01-01,2020-12-31,\"32817\""));
        var (rows, rejects) = files.Read(Cdm54.ObservationPeriod);
        Assert.Equal(
            [
                "1 10 2020-01-01 2020-12-31 32817 observation_period.csv:2",
                "9 10 2020-01-01 2020-12-31 - observation_period.csv:11",
                "11 10 2020-01-01 2020-12-31 32817 observation_period.csv:13",
            ], rows);
        Assert.Equal(
            [
                "observation_period.csv:12 observation_period_id value-unparseable", "observation_period.csv:3 observation_period_start_date value-unparseable", "observation_period.csv:4 person_id value-missing",
                "observation_period.csv:5 observation_period_end_date end-before-start", "observation_period.csv:6 - line-short", "observation_period.csv:7 - line-long",
                "observation_period.csv:8 period_type_concept_id value-out-of-range", "observation_period.csv:9 - quote-open",
            ], rejects.Order(StringComparer.Ordinal));
        Assert.Equal(["observation_period.csv: required by the CDM, empty in 1 accepted rows: period_type_concept_id"], files.Notes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_value_of_several_lines_keeps_its_text_and_the_lines_after_it_their_numbers(int threads)
    {
        files.With("note.csv", "note_id,person_id,note_date,note_text,note_title\n1,5,2021-02-03,\"He said \"\"no\"\",\nthen left\",\"\"\n2,5,2021-02-04,plain,5\" pipe\n3,5,x,,\n4,5,2021-02-04,,\"never closed\n5,5,2021-02-05,,\n");
        var (rows, rejects) = files.Read(Cdm54.Note, threads);
        Assert.Equal(
            [
                "1 5 2021-02-03 - - - - 'He said \"no\",\nthen left' - - - - - - - - note.csv:2",
                "2 5 2021-02-04 - - - '5\" pipe' 'plain' - - - - - - - - note.csv:4",
                "5 5 2021-02-05 - - - - - - - - - - - - - note.csv:7",
            ], rows);
        Assert.Equal(["note.csv:6 - quote-open", "note.csv:5 note_date value-unparseable"], rejects);
    }

    [Fact]
    public void Blocks_cut_anywhere_give_the_same_rows()
    {
        // Some 12 MiB: several blocks, with values of several lines and doubled quotes across their ends.
        var text = new System.Text.StringBuilder("note_id,person_id,note_date,note_text\n");
        for (var i = 0; i < 60_000; i++) text.Append($"{i},{i % 97},2020-01-01,\"{new string('x', i % 300)}\n\"\"{i}\"\"\"\n");
        files.With("note.csv.gz", Gzip(text.ToString()));
        var (rows, rejects) = files.Read(Cdm54.Note, threads: 4);
        Assert.Empty(rejects);
        Assert.Equal(60_000, rows.Count);
        for (var i = 0; i < rows.Count; i++) Assert.Equal($"{i} {i % 97} 2020-01-01 - - - - '{new string('x', i % 300)}\n\"{i}\"' - - - - - - - - note.csv.gz:{2 + 2 * i}", rows[i]);
    }

    [Fact]
    public void Tab_files_have_no_quoting_and_marks_of_byte_order_are_skipped()
    {
        files.With("care_site.tsv", "\uFEFFcare_site_id\tcare_site_name\n1\t\"Ward\" 3\n2\tÉtage \"2\n");
        Assert.Equal(["1 '\"Ward\" 3' - - - - care_site.tsv:2", "2 'Étage \"2' - - - - care_site.tsv:3"], files.Read(Cdm54.CareSite).Rows);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_cost_their_line_alone()
    {
        files.With("care_site.csv", [.. "care_site_id,care_site_name\n1,A\n2,"u8, 0xC9, .. "tage\n3,C\n"u8]);
        var (rows, rejects) = files.Read(Cdm54.CareSite);
        Assert.Equal(["1 'A' - - - - care_site.csv:2", "3 'C' - - - - care_site.csv:4"], rows);
        Assert.Equal(["care_site.csv:3 - encoding-invalid"], rejects);
    }

    [Fact]
    public void A_table_may_have_many_files_and_the_vocabulary_is_left_alone()
    {
        files.With("person/part-00000.csv", "person_id\n1\n").With("person/_SUCCESS", "").With("DEATH.csv", "person_id,death_date\n1,2020-01-01\n").With("death_2.csv", "person_id,death_date\n2,2020-01-01\n")
            .With("death-part-a.csv.gz", Gzip("person_id,death_date\n3,2020-01-01\n")).With("CONCEPT.csv", "concept_id\n1\n").With("readme.md", "").With("lab.csv", "a\n");
        var folder = OmopFolder.Open(files.Folder).OrThrow();
        Assert.Equal(["DEATH.csv", "death-part-a.csv.gz", "death_2.csv", "part-00000.csv"], folder.Files.Select(f => f.Name));
        Assert.Equal(["CONCEPT.csv"], folder.Vocabulary);
        Assert.Equal(["lab.csv", "readme.md"], folder.Unknown);
        Assert.Equal(3, files.Read(Cdm54.Death).Rows.Count);
    }

    [Fact]
    public void Parquet_of_other_types_is_converted_and_what_cannot_be_is_refused_by_row()
    {
        Parquet("measurement.parquet", """
            select * from (values
              (1::bigint, 4.0::double, '2020-01-01', 10::bigint, 1.5::decimal(9,2), ''::varchar), (2, 4.0, '20200102', 3000000000, 2, null), (3, 4.5, '2020-01-01', 1, 2, 'a'), (4, 4.0, 'soon', 1, 2, 'b'),
              (5, 4.0, '2020-01-01T10:00:00', 1, null, 'c'), (null, 4.0, '2020-01-01', 1, 2, 'd'), (7, 4.0, '2020-01-01', -2147483648, 2, 'e'))
            t(MEASUREMENT_ID, person_id, measurement_date, measurement_concept_id, value_as_number, value_source_value)
            """);
        var (rows, rejects) = files.Read(Cdm54.Measurement);
        Assert.Equal(
            [
                "1 4 10 2020-01-01 - - - - 1.5 - - - - - - - - - - - '' - - measurement.parquet:1",
                "5 4 1 2020-01-01 - - - - - - - - - - - - - - - - 'c' - - measurement.parquet:5",
            ], rows);
        Assert.Equal(
            [
                "measurement.parquet:2 measurement_concept_id value-out-of-range", "measurement.parquet:3 person_id value-unparseable", "measurement.parquet:4 measurement_date value-unparseable",
                "measurement.parquet:6 measurement_id value-missing", "measurement.parquet:7 measurement_concept_id value-out-of-range",
            ], rejects);
    }

    [Theory]
    [InlineData("death.csv", "", "source.file-unreadable")]
    [InlineData("death.csv", "person_id,,death_date\n", "source.file-unreadable")]
    [InlineData("death.csv", "person_id\n1\n", "source.column-missing")]
    [InlineData("death.csv.gz", "person_id,death_date\n1,2020-01-01\n", "source.file-unreadable")]
    [InlineData("death.parquet", "PAR1 secret PAR1", "source.file-unreadable")]
    public void A_file_that_cannot_be_read_is_named_and_nothing_of_it_quoted(string name, string content, string code)
    {
        files.With(name, content);
        var failure = Assert.Throws<FailureException>(() => files.Read(Cdm54.Death)).Failure;
        Assert.Equal(code, failure.Code);
        Assert.Contains(name, failure.Detail);
        Assert.DoesNotContain("secret", failure.Detail);
    }

    [Fact]
    public void A_gzip_file_cut_short_is_refused_whole()
    {
        var whole = Gzip("person_id,death_date\n" + string.Concat(Enumerable.Range(1, 50_000).Select(i => $"{i},2020-01-{i % 28 + 1:00}\n")));
        files.With("death.csv.gz", whole[..(whole.Length / 2)]);
        Assert.Equal("source.file-unreadable", Assert.Throws<FailureException>(() => files.Read(Cdm54.Death)).Failure.Code);
    }

    [Fact]
    public void A_line_without_end_is_refused_and_the_next_one_read()
    {
        files.With("care_site.csv", "care_site_id,care_site_name\n1,A\n2," + new string('x', 70 << 20) + "\n3,C\n");
        var (rows, rejects) = files.Read(Cdm54.CareSite);
        Assert.Equal(["1 'A' - - - - care_site.csv:2", "3 'C' - - - - care_site.csv:4"], rows);
        Assert.Equal(["care_site.csv:3 - line-too-long"], rejects);
    }

    static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(System.Text.Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    void Parquet(string name, string query)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"copy ({query}) to '{Path.Combine(files.Folder, name)}' (format parquet)";
        command.ExecuteNonQuery();
    }

    public void Dispose() => files.Dispose();
}
