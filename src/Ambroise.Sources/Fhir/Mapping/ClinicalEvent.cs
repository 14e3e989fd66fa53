using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;

namespace Ambroise.Sources.Fhir.Mapping;


/// <summary>Something that happened to a person, before its concept says which table it belongs to. Absent facts are null as <see cref="Null"/> says.</summary>
/// <remarks>A value: one is made for every row, and written at once.</remarks>
struct ClinicalEvent()
{
    public long Person;
    public Coded? Code;

    /// <summary>Where a code without a standard concept goes.</summary>
    public Domain Default;

    /// <summary>Goes to the table of <see cref="Default"/> whatever the concept's domain.</summary>
    public bool Fixed;

    /// <summary>Says something of what its code means, a value or that there is none: not that it is so. A table of what was so, with no column for a value, is not for it.</summary>
    public bool IsAnswer;

    public FhirTime Start, End = FhirTime.None;
    public int Type;
    public long Visit = Null.Int64, Provider = Null.Int64;

    public double Number = Null.Float64, Low = Null.Float64, High = Null.Float64, Quantity = Null.Float64;
    public int Operator = Null.Int32, ValueConcept = Null.Int32, Unit = Null.Int32;
    public byte[]? ValueText, ValueSource, UnitSource, Qualifier;

    /// <summary>The value as it was written, where it is a bound: in a table without an operator it stands for the number.</summary>
    public byte[]? Bound;

    public int Status = Null.Int32;
    public byte[]? StatusSource, StopReason;

    public int Days = Null.Int32, Refills = Null.Int32, Route = Null.Int32;
    public byte[]? Sig, RouteSource, Lot, DoseUnit;
}
