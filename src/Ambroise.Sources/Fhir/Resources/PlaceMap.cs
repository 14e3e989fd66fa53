using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Organization and Location: CARE_SITE with its LOCATION. Practitioner and PractitionerRole: PROVIDER, its names and numbers among the identities.</summary>
static class PlaceMap
{
    /// <summary>A LOCATION from an Address. Of a person's address only region and postcode are kept; the town is among their identities, the street nowhere.</summary>
    public static void Write(ResourceMapper m, JsonNode address, bool withStreet)
    {
        var place = m.Row(Cdm54.Location);
        if (withStreet)
        {
            place.Put("address_1", address["line"u8].First.Text);
            place.Put("city", address["city"u8].Text);
        }
        place.Put("state", address["state"u8].Text);
        place.Put("zip", address["postalCode"u8].Text);
        place.Put("county", address["district"u8].Text);
        place.Put("country_source_value", address["country"u8].Text);
        m.End(place);
    }

    public static Fate Organization(ResourceMapper m) => CareSite(m, m.Resource["address"u8].First, m.Resource["type"u8].First);

    public static Fate Location(ResourceMapper m)
    {
        if (m.Resource["status"u8].Is("entered-in-error"u8)) return Fate.Aside("status-entered-in-error");
        if (IsRoom(m.Resource["physicalType"u8])) m.Connect(FactKind.Room, m.Key.Key, 0);
        return CareSite(m, m.Resource["address"u8], m.Resource["type"u8].First, IsHome(m.Resource));
    }

    public static bool IsRoom(JsonNode physicalType) => ResourceMapper.Has(physicalType, "ro"u8) || ResourceMapper.Has(physicalType, "bd"u8);

    /// <summary>Where somebody lives, as care at home has it: called after them, and at their address.</summary>
    static bool IsHome(JsonNode place)
    {
        if (ResourceMapper.Has(place["physicalType"u8], "ho"u8) || place["address"u8]["use"u8].Is("home"u8)) return true;
        foreach (var type in place["type"u8].Items)
            if (ResourceMapper.Has(type, "PTRES"u8)) return true;
        return false;
    }

    static Fate CareSite(ResourceMapper m, JsonNode address, JsonNode type, bool isHome = false)
    {
        m.AliasIdentifiers();
        var site = m.Row(Cdm54.CareSite);
        if (!isHome) site.Put("care_site_name", m.Resource["name"u8].Text);
        var kind = m.Code(type);
        site.Put("place_of_service_concept_id", kind is null ? 0 : m.Standard(kind, Cdm54.CareSite));
        site.Put("place_of_service_source_value", kind?.Code);
        site.Put("location_id", address.Exists ? Lineage.RowKey(m.Key.Key, m.RowCount) : Null.Int64);
        m.End(site);
        if (address.Exists) Write(m, address, withStreet: !isHome);
        return Fate.Used;
    }

    public static Fate Practitioner(ResourceMapper m)
    {
        var r = m.Resource;
        m.AliasIdentifiers();
        var provider = m.Row(Cdm54.Provider);
        var name = r["name"u8].First;
        provider.Put("provider_name", System.Text.Encoding.UTF8.GetBytes($"{name["given"u8].First} {name["family"u8]}".Trim()));
        foreach (var identifier in r["identifier"u8].Items)
            if (identifier["system"u8].Is("http://hl7.org/fhir/sid/us-npi"u8) || identifier["system"u8].Is("urn:oid:1.2.250.1.71.4.2.1"u8) || identifier["system"u8].Is("https://rpps.esante.gouv.fr"u8))
            {
                provider.Put("npi", identifier["value"u8].Text); // RPPS is what France has for it
                break;
            }
        provider.Put("gender_concept_id", r["gender"u8].Is("male"u8) ? 8507 : r["gender"u8].Is("female"u8) ? 8532 : 0);
        provider.Put("gender_source_value", r["gender"u8].Text);
        var own = PatientMap.Extension(r, "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-practitioner-specialty");
        // As a role would say it: so it holds until another version, and a role with a place goes before it.
        if ((m.Coding(own["valueCoding"u8]) ?? m.Code(own["valueCodeableConcept"u8])) is { } specialty)
            m.Chunk.Roles.Add((m.Chunk.Seen.Count, m.Key.Key, m.Key.Key, m.Standard(specialty, Cdm54.Provider), specialty.Meaning.Code, Null.Int64));
        if (m.OptionalTime(r["birthDate"u8], "birthDate") is { Exists: true } born) provider.Put("year_of_birth", Days.Date(born.Day).Year);
        m.End(provider);
        return Fate.Used;
    }

    /// <summary>Says what its practitioner does and where; rows that name the role name the practitioner.</summary>
    public static Fate PractitionerRole(ResourceMapper m)
    {
        var r = m.Resource;
        var practitioner = m.Reference(r["practitioner"u8], "Practitioner");
        if (practitioner == Null.Int64) return Fate.Refused("practitioner", "reference-missing");
        m.Connect(FactKind.Name, m.Key.Key, practitioner);
        var specialty = m.Code(r["specialty"u8].First) ?? m.Code(r["code"u8].First);
        m.Chunk.Roles.Add((m.Chunk.Seen.Count, m.Key.Key, practitioner, specialty is null ? 0 : m.Standard(specialty, Cdm54.Provider), specialty?.Meaning.Code ?? "", m.Reference(r["organization"u8], "Organization")));
        return Fate.Used;
    }
}
