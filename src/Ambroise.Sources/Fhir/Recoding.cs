using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>Records of earlier loads that name a medication or a device whose code is another one by now: their rows are written anew from what the first of them says.</summary>
/// <remarks>The texts of these records are gone, and a row with what its record says was left out of it (<see cref="LeftOut"/>) is all that the mapping used: the rows become those that the resource would give if it came again.</remarks>
sealed class Recoding(ResourceMapper mapper, Func<long, Coded?> code)
{
    /// <summary>Outcome of such a record: no resource that was read.</summary>
    public const string Outcome = "recoded";

    static readonly Domain[] Domains = [Domain.Condition, Domain.Drug, Domain.Procedure, Domain.Device, Domain.Measurement, Domain.Observation];

    readonly Dictionary<long, (Batch Record, int Row)> records = [];

    /// <param name="all">SOURCE_RECORD of the earlier release.</param>
    /// <param name="isWanted">By the definition that the record names, by its own key and its version.</param>
    public void Find(IEnumerable<Batch> all, Func<long, long, ResourceVersion, bool> isWanted)
    {
        foreach (var batch in all)
            for (var row = 0; row < batch.Rows; row++)
            {
                var id = batch.Int64("source_record_id").Array[row];
                if (batch.Int64("definition_id").IsNull(row) || !isWanted(batch.Int64("definition_id").Array[row], id, Version(batch, row))) continue;
                var one = new Batch(Cdm54.SourceRecord);
                for (var c = 0; c < one.Columns.Length; c++) one.Columns[c].AppendFrom(batch.Columns[c], [row]);
                records[id] = (one, 0);
            }
    }

    public bool Any => records.Count > 0;

    /// <summary>The version that a record of an earlier release is of, without the hash of its text.</summary>
    public static ResourceVersion Version(Batch records, int row) =>
        new(records.Int64("version_at").IsNull(row) ? long.MinValue : records.Int64("version_at").Array[row], long.TryParse(records.Text("version_name").Text(row), out var number) ? number : 0, 0);

    /// <summary>The records' rows as they are now, as a chunk of an input would give them.</summary>
    /// <param name="earlier">Rows of the earlier release, by table.</param>
    public MappedChunk Write(Func<CdmTable, IEnumerable<Batch>> earlier)
    {
        var chunk = mapper.Chunk = new();
        foreach (var columns in Domains.Select(EventColumns.Of))
            foreach (var batch in earlier(columns.Table))
            {
                var keys = ((Int64Column)batch.Columns[columns.Table.Key]).Array;
                new LinkColumns(columns.Table).Reset(batch, static _ => true);
                for (var row = 0; row < batch.Rows; row++)
                    if (records.Remove(keys[row], out var record)) Write(chunk, record.Record, columns, batch, row);
            }
        return chunk;
    }

    void Write(MappedChunk chunk, Batch record, EventColumns columns, Batch rows, int row)
    {
        var (id, type) = (record.Int64("source_record_id").Array[0], record.Text("record_type").Text(0)!);
        var version = Version(record, 0);
        mapper.Begin(default, type, null, new(id, 0), version, chunk.Seen.Count, null);
        var patient = record.Int64(record.Int64("patient_id").IsNull(0) ? "person_id" : "patient_id").Array[0];
        // What an identifier means is found out as if the resource came again.
        if (!record.Int64("patient_named_by").IsNull(0)) chunk.NamedPatients.Add(patient = record.Int64("patient_named_by").Array[0]);
        if (columns.Provider >= 0 && !rows.Columns[columns.Provider].IsNull(row) && !record.Int64("provider_named_by").IsNull(0))
            ((Int64Column)rows.Columns[columns.Provider]).Array[row] = record.Int64("provider_named_by").Array[0];
        mapper.Definition = record.Int64("definition_id").Array[0];
        var e = Event(columns, rows, row, patient, code(mapper.Definition)!, type == "DeviceUseStatement" ? Domain.Device : Domain.Drug);
        if (!record.Text("left_out").IsNull(0)) LeftOut.Parse(record.Text("left_out")[0])?.AddTo(ref e);
        mapper.Write(e);
        var to = chunk.Rows(Cdm54.SourceRecord);
        record.Int64("person_id").Array[0] = patient;
        record.Int32("row_count").Array[0] = mapper.RowCount;
        foreach (var column in Cdm54.SourceRecord.Columns)
            switch (record.Columns[column.Ordinal])
            {
                case var c when c.IsNull(0) || column.Name is "patient_id" or "left_out" or "fingerprint": break;
                case Int32Column c: to.Put(column.Ordinal, c.Array[0]); break;
                case Int64Column c: to.Put(column.Ordinal, c.Array[0]); break;
                case TextColumn c: to.Put(column.Ordinal, c[0]); break;
            }
        to.Put("left_out", mapper.LeftOut?.ToJson());
        to.End(chunk.Seen.Count);
        chunk.Seen.Add(new(new(id, 0), version, type, Outcome, 0));
    }

    static ClinicalEvent Event(EventColumns from, Batch rows, int row, long patient, Coded code, Domain domain)
    {
        int Whole(int column) => column < 0 ? Null.Int32 : ((Int32Column)rows.Columns[column]).Array[row];
        long Long(int column) => column < 0 ? Null.Int64 : ((Int64Column)rows.Columns[column]).Array[row];
        double Number(int column) => column < 0 ? Null.Float64 : rows.Columns[column] is Float64Column f ? f.Array[row] : Whole(column) is var whole && whole == Null.Int32 ? Null.Float64 : whole;
        byte[]? Text(int column) => column < 0 || rows.Columns[column].IsNull(row) ? null : ((TextColumn)rows.Columns[column])[row].ToArray();
        FhirTime Time(int day, int micros) => Whole(day) == Null.Int32 ? FhirTime.None : new(Whole(day), Long(micros), Precision.Time);
        return new()
        {
            Person = patient,
            Code = code,
            Default = domain,
            Start = Time(from.Start, from.StartTime),
            // A drug's end may be a guess: only the verbatim one is the source's.
            End = Time(from.Verbatim >= 0 ? from.Verbatim : from.End, from.EndTime),
            Type = Whole(from.Type),
            Visit = Long(from.Visit),
            Provider = Long(from.Provider),
            Number = Number(from.Number),
            Low = Number(from.Low),
            High = Number(from.High),
            Quantity = Number(from.Quantity),
            Operator = Whole(from.Operator),
            Unit = Whole(from.Unit),
            ValueSource = Text(from.ValueSource),
            UnitSource = Text(from.UnitSource),
            Qualifier = Text(from.Qualifier),
            StopReason = Text(from.StopReason),
            Days = Whole(from.Days),
            Refills = Whole(from.Refills),
            Route = Whole(from.Route),
            Sig = Text(from.Sig),
            RouteSource = Text(from.RouteSource),
            Lot = Text(from.Lot),
            DoseUnit = Text(from.DoseUnit),
        };
    }
}
