using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Patient: PERSON, DEATH, the place they live in (without the street), and their identities apart.</summary>
static class PatientMap
{
    const string Race = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", Ethnicity = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity";

    /// <summary>French core profiles: how far an identity was checked. Only where it is qualified the INS is the patient's.</summary>
    const string Reliability = "http://interopsante.org/fhir/StructureDefinition/FrPatientIdentReliability", CoreReliability = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability";

    public static Fate Map(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TryTime(out var birth, [r["birthDate"u8]], "birthDate") is { } fate) return fate;
        m.Person = m.Key.Key;

        var born = Days.Date(birth.Day);
        var person = m.Row(Cdm54.Person);
        person.Put("gender_concept_id", r["gender"u8].Is("male"u8) ? 8507 : r["gender"u8].Is("female"u8) ? 8532 : 0);
        person.Put("gender_source_value", r["gender"u8].Text);
        person.Put("year_of_birth", born.Year);
        if (birth.Precision >= Precision.Month) person.Put("month_of_birth", born.Month);
        if (birth.Precision >= Precision.Day) person.Put("day_of_birth", born.Day);
        // Patient.birthDate has no time; the profile's extension on it has.
        if (m.OptionalTime(Extension(r["_birthDate"u8], "http://hl7.org/fhir/StructureDefinition/patient-birthTime")["valueDateTime"u8], "birthTime") is { Precision: Precision.Time } moment) person.Put("birth_datetime", moment.Micros);
        var race = OmbCode(r, Race);
        person.Put("race_concept_id", RaceConcept(race));
        person.Put("race_source_value", race.Text);
        var ethnicity = OmbCode(r, Ethnicity);
        person.Put("ethnicity_concept_id", ethnicity.Is("2135-2"u8) ? 38003563 : ethnicity.Is("2186-5"u8) ? 38003564 : 0);
        person.Put("ethnicity_source_value", ethnicity.Text);
        person.Put("person_source_value", m.Id);
        person.Put("provider_id", m.Provider(r["generalPractitioner"u8].First));
        person.Put("care_site_id", m.CareSite(r["managingOrganization"u8]));
        var address = Address(r["address"u8]);
        var place = address.Exists ? Lineage.RowKey(m.Key.Key, m.RowCount) : Null.Int64;
        person.Put("location_id", place);
        m.End(person);
        if (address.Exists) PlaceMap.Write(m, address, withStreet: false);

        var death = m.OptionalTime(r["deceasedDateTime"u8], "deceasedDateTime");
        if (death.Exists)
        {
            if (death.Day < birth.Day) m.Chunk.Count("Patient.deceased", "before-birth");
            var row = m.Row(Cdm54.Death);
            row.Put("person_id", m.Person);
            row.Put("death_date", death.Day);
            row.Put("death_datetime", death.Micros);
            row.Put("death_type_concept_id", TypeConcepts.Ehr);
            m.End(row);
        }
        else if (r["deceasedBoolean"u8].IsTrue || r["deceasedDateTime"u8].Exists) m.Chunk.Count("Patient.deceased", "death-without-date");
        Identities(m, address);
        // DEATH is the person's: which of several patients it came from is kept here, for the load that changes one of them.
        if (death.Exists) Identity(m, "deceased"u8, default, Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{death.Day} {death.Micros}")));
        foreach (var link in r["link"u8].Items)
            if ((link["type"u8].Is("replaced-by"u8) || link["type"u8].Is("replaces"u8)) && m.Reference(link["other"u8], "Patient") is var other && other != Null.Int64)
            {
                m.Connect(FactKind.Link, m.Key.Key, other);
                // Kept for the load that brings the other, if it is not this one.
                Identity(m, "link"u8, default, Encoding.UTF8.GetBytes(other.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            }
        return Fate.Used;
    }

    /// <summary>The first where they live now; where there is none of these, the first.</summary>
    static JsonNode Address(JsonNode addresses)
    {
        foreach (var address in addresses.Items)
            if (!address["use"u8].Is("old"u8)) return address;
        return addresses.First;
    }

    static void Identities(ResourceMapper m, JsonNode address)
    {
        var r = m.Resource;
        foreach (var identifier in r["identifier"u8].Items)
        {
            if (identifier["value"u8].Text.Length == 0) continue;
            var isIns = Ins.IsSystem(identifier["system"u8].Text);
            // One that is the patient's no more says of nobody who they are.
            if (isIns && (identifier["use"u8].Is("old"u8) || !IsQualified(r, identifier)))
            {
                m.Chunk.Count("Patient.identifier", "ins-not-qualified");
                continue;
            }
            var system = isIns ? Ins.Name(identifier["system"u8].Text) : identifier["system"u8].Text;
            var value = isIns ? Ins.Bare(identifier["value"u8].Text) : identifier["value"u8].Text;
            if (isIns) m.Connect(FactKind.National, m.Named("INS", system, value), m.Key.Key);
            if (m.Options.NumberSystems.Contains(identifier["system"u8].ToString())) m.Connect(FactKind.Number, m.Named("Number", identifier["system"u8].Text, identifier["value"u8].Text), m.Key.Key);
            m.AliasIdentifier(identifier["system"u8].Text, identifier["value"u8].Text);
            Identity(m, isIns ? "INS"u8 : "identifier"u8, system, value);
        }
        foreach (var name in r["name"u8].Items)
        {
            Identity(m, "family"u8, name["use"u8].Text, name["family"u8].Text);
            foreach (var given in name["given"u8].Items) Identity(m, "given"u8, name["use"u8].Text, given.Text);
        }
        Identity(m, "city"u8, default, address["city"u8].Text);
        var commune = Extension(address, "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code")["valueCoding"u8];
        Identity(m, "city"u8, commune["system"u8].Text, commune["code"u8].Text);
    }

    static void Identity(ResourceMapper m, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> system, ReadOnlySpan<byte> value)
    {
        if (value.Length == 0) return;
        var row = m.Row(Cdm54.PersonIdentity);
        row.Put("person_id", m.Person);
        row.Put("kind", kind);
        row.Put("system", system);
        row.Put("value", value);
        m.End(row);
    }

    /// <summary>The reliability may stand on the patient or, in older profiles, on the identifier; there may be several of them, and each nests its status. A doubtful or a fictitious identity is nobody's, whatever stands beside it.</summary>
    static bool IsQualified(JsonNode patient, JsonNode identifier)
    {
        var says = Trust.Unknown;
        Hear(patient, ref says);
        Hear(identifier, ref says);
        return says == Trust.Qualified;
    }

    enum Trust { Unknown, Qualified, Doubted }

    static void Hear(JsonNode of, ref Trust says)
    {
        foreach (var extension in of["extension"u8].Items)
            if (Ascii.Equals(extension["url"u8].Text, CoreReliability) || Ascii.Equals(extension["url"u8].Text, Reliability))
            {
                Hear(extension["valueCoding"u8]["code"u8], extension["valueCode"u8], ref says);
                foreach (var inner in extension["extension"u8].Items) Hear(inner["valueCoding"u8]["code"u8], inner["valueCode"u8], ref says);
            }
    }

    /// <summary>FR Core calls a qualified identity VALI up to 2.1, and QUAL from 2.2 on, which keeps VALI for one whose papers were seen and which has no INS.</summary>
    static void Hear(JsonNode coding, JsonNode code, ref Trust says)
    {
        var status = coding.Exists ? coding : code;
        if (status.Is("DOUT"u8) || status.Is("FICT"u8)) says = Trust.Doubted;
        else if (says == Trust.Unknown && (status.Is("VALI"u8) || status.Is("QUAL"u8))) says = Trust.Qualified;
    }

    /// <summary>The first extension of that name.</summary>
    public static JsonNode Extension(JsonNode of, string url)
    {
        foreach (var extension in of["extension"u8].Items)
            if (Ascii.Equals(extension["url"u8].Text, url)) return extension;
        return default;
    }

    static JsonNode OmbCode(JsonNode patient, string url)
    {
        foreach (var inner in Extension(patient, url)["extension"u8].Items)
            if (inner["url"u8].Is("ombCategory"u8)) return inner["valueCoding"u8]["code"u8];
        return default;
    }

    /// <summary>CDC race and ethnicity codes, OMB categories, as OMOP's Race vocabulary has them.</summary>
    static int RaceConcept(JsonNode code) =>
        code.Is("2106-3"u8) ? 8527 : code.Is("2054-5"u8) ? 8516 : code.Is("2028-9"u8) ? 8515 : code.Is("1002-5"u8) ? 8657 : code.Is("2076-8"u8) ? 8557 : 0;
}
