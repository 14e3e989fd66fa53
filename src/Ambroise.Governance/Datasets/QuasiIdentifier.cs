using System.Collections.Immutable;
using System.Globalization;
using Ambroise.Governance.Projects;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>What someone may know of a patient and find in a dataset, read as the dataset gives it.</summary>
/// <param name="Name">As in a permit's <c>protection.quasiIdentifiers</c>.</param>
sealed record QuasiIdentifier(string Name)
{
    /// <summary>A patient has none.</summary>
    public const long None = long.MinValue;

    /// <summary>Of LOCATION, the column.</summary>
    public CdmColumn? OfPlace { get; } = Name.StartsWith(Place, StringComparison.Ordinal) ? Cdm54.Location[Name[Place.Length..]] : null;

    /// <summary>The year of birth goes by bands.</summary>
    public bool IsYearOfBirth => Name == Cdm54.Person["year_of_birth"].Name;

    const string Place = "location.", Dead = "death", YearOfDeath = "death.year", FirstMonth = "visit.first_month";

    /// <summary>Every name there is: the columns of PERSON and, after <c>location.</c>, of LOCATION that a dataset can give, whether and in which year the patient died, and the month of the first visit.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        .. Columns(Cdm54.Person).Select(c => c.Name), .. Columns(Cdm54.Location).Select(c => Place + c.Name), Dead, YearOfDeath, FirstMonth,
    ];

    static IEnumerable<CdmColumn> Columns(CdmTable table) => table.Columns.Where(c => c.Ordinal != table.Key && ColumnUses.Of(table, c) != ColumnUse.Never);

    /// <returns>Those the permit declares, or else all but the first visit's, as far as the dataset gives what they stand for.</returns>
    public static ImmutableArray<QuasiIdentifier> Of(DatasetPlan plan)
    {
        var declared = plan.Protection.QuasiIdentifiers;
        return [.. Names.Where(n => declared.IsEmpty ? n != FirstMonth : declared.Contains(n)).Where(n => IsGiven(n, plan)).Select(n => new QuasiIdentifier(n))];
    }

    static bool IsGiven(string name, DatasetPlan plan)
    {
        bool Gives(CdmTable table, string? column = null) => plan.Tables.Any(t => t.Source == table && (column is null || t.Sources.Contains(table[column])));
        const string home = "location_id";
        if (name.StartsWith(Place, StringComparison.Ordinal)) return Gives(Cdm54.Person, home) && Gives(Cdm54.Location, name[Place.Length..]);
        return name switch
        {
            // What it stands for counts in its place. Two patients of one address have one pseudonym for it, which says nothing to whoever does not know the address.
            home => Gives(Cdm54.Person, home) && !Gives(Cdm54.Location),
            Dead => Gives(Cdm54.Death),
            YearOfDeath => Gives(Cdm54.Death, "death_date"),
            FirstMonth => Gives(Cdm54.VisitOccurrence, "visit_start_date"),
            _ => Gives(Cdm54.Person, name),
        };
    }

    /// <returns>By ordinal, what the dataset gives of each patient.</returns>
    public long[] Read(ShardPatients patients, DatasetPlan plan, PatientPlaces? places)
    {
        if (OfPlace is { } place) return places!.Of(patients, place);
        return Name switch
        {
            Dead => First(Cdm54.Death, _ => 1, none: 0),
            YearOfDeath => First(Cdm54.Death, day => Days.Date(day).Year, None),
            FirstMonth => First(Cdm54.VisitOccurrence, day => Days.Date(day) is var date ? date.Year * 100 + date.Month : None, None),
            _ => OfPerson(),
        };

        long[] First(CdmTable table, Func<int, long> says, long none)
        {
            var first = Enumerable.Repeat(int.MaxValue, patients.Shard.Patients).ToArray();
            RowScan.Each(patients, plan.Tables.Single(t => t.Source == table), plan, (_, ordinal, _, start, _) => first[ordinal] = Math.Min(first[ordinal], start));
            return Array.ConvertAll(first, day => day == int.MaxValue ? none : says(day));
        }

        long[] OfPerson()
        {
            var (values, column) = (new long[patients.Shard.Patients], Cdm54.Person[Name]);
            var persons = patients.Shard.Table(Cdm54.Person)!;
            for (var block = 0; block * IShardTable.BlockRows < persons.Rows; block++)
            {
                var ordinals = persons.Patients(block);
                var read = column.Type == ColumnType.Int64 ? persons.Int64(column, block) : Array.ConvertAll(persons.Int32(column, block), v => v == Null.Int32 ? None : (long)v);
                for (var i = 0; i < ordinals.Length; i++) values[ordinals[i]] = IsYearOfBirth ? patients.BirthYear(ordinals[i]) : read[i];
            }
            return values;
        }
    }
}

/// <summary>Where patients live, as far as a dataset tells: the columns of LOCATION it gives, whole in memory.</summary>
sealed class PatientPlaces
{
    readonly Dictionary<long, int> rowOf = [];
    readonly Dictionary<int, long[]> byColumn = [];
    readonly List<string> words = [];

    public PatientPlaces(IShard any, IEnumerable<CdmColumn> columns)
    {
        if (any.Table(Cdm54.Location) is not { } source) return;
        var numbers = new Dictionary<string, int>();
        long Number(string? text)
        {
            if (text is null) return QuasiIdentifier.None;
            if (numbers.TryAdd(text, words.Count)) words.Add(text);
            return numbers[text];
        }
        for (var block = 0; block * IShardTable.BlockRows < source.Rows; block++)
        {
            foreach (var id in source.Int64(Cdm54.Location["location_id"], block)) rowOf[id] = rowOf.Count;
            foreach (var column in columns)
            {
                if (!byColumn.TryGetValue(column.Ordinal, out var values)) byColumn[column.Ordinal] = values = new long[source.Rows];
                var read = column.Type == ColumnType.Text ? Array.ConvertAll(source.Text(column, block), t => Number(ColumnUses.Cut(column, t)))
                    : Array.ConvertAll(source.Int32(column, block), v => v is Null.Int32 or 0 ? QuasiIdentifier.None : (long)v);
                read.CopyTo(values, block * IShardTable.BlockRows);
            }
        }
    }

    public string Show(CdmColumn column, long value) => column.Type == ColumnType.Text ? words[(int)value] : value.ToString(CultureInfo.InvariantCulture);

    public long[] Of(ShardPatients patients, CdmColumn column)
    {
        var found = Enumerable.Repeat(QuasiIdentifier.None, patients.Shard.Patients).ToArray();
        var persons = patients.Shard.Table(Cdm54.Person)!;
        for (var block = 0; block * IShardTable.BlockRows < persons.Rows; block++)
        {
            var (ordinals, homes) = (persons.Patients(block), persons.Int64(Cdm54.Person["location_id"], block));
            for (var i = 0; i < ordinals.Length; i++)
                if (homes[i] != Null.Int64 && rowOf.TryGetValue(homes[i], out var row)) found[ordinals[i]] = byColumn[column.Ordinal][row];
        }
        return found;
    }
}
