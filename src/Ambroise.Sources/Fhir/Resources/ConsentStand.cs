using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Which uses other than care a Consent denies. docs/mapping/fhir.md has the table.</summary>
static class ConsentStand
{
    /// <summary>HL7 v3 ActReason codes of research and of purposes near it.</summary>
    static readonly string[] Research = ["HRESCH", "BIORCH", "CLINTRCH", "CLINTRCHNPC", "CLINTRCHPC", "CLINTRCHALL", "DSRCH", "POARCH", "TRANSRCH", "PRECLINTRCH"];

    /// <returns>What the patient objects to, as the register writes it; empty where nothing is denied, null where the Consent decides nothing about such uses.</returns>
    public static IReadOnlyList<string>? Of(JsonNode consent)
    {
        var status = consent["status"u8];
        if (status.Is("draft"u8) || status.Is("proposed"u8)) return null;
        if (status.Is("entered-in-error"u8) || status.Is("inactive"u8)) return [];
        var provision = consent["provision"u8];
        var (ofResearch, ofPrivacy) = About(consent);
        var denied = Denied(consent);
        if (consent["decision"u8].Is("deny"u8) && (ofResearch || ofPrivacy)) denied.Add("all"); // R5's
        if (ofResearch && status.Is("rejected"u8)) denied.Add("all");
        if (!provision["type"u8].Exists && denied.Count == 0 && (ofResearch || ofPrivacy) && IsOut(consent["policyRule"u8])) denied.Add("all");
        if (denied.Contains("all")) return ["all"];
        return denied.Count > 0 ? [.. denied] : ofResearch || ofPrivacy ? [] : null;
    }

    /// <summary>Whether all that may deny is said as FHIR R4 says it: of anything else nobody knows whether it does. STU3's exceptions are not read, nor R5's rules, of which those beneath a permission deny.</summary>
    /// <returns>Null, or what is not understood.</returns>
    public static string? Unknown(JsonNode consent)
    {
        if (consent["except"u8].Exists) return "except";
        var decision = consent["decision"u8];
        if (decision.Exists && !decision.Is("deny"u8) && (!decision.Is("permit"u8) || consent["provision"u8].Exists)) return "decision";
        foreach (var rule in consent["provision"u8].Items)
            if (!IsKnown(rule)) return "provision";
        return IsPolicyKnown(consent) ? null : "policyRule";
    }

    /// <summary>Where nothing but its policy says what it decides, to which there may be exceptions: in words, by an address or by a code of somebody's own it may be one to opt out. R5 has other places for the words.</summary>
    static bool IsPolicyKnown(JsonNode consent)
    {
        var policy = consent["policyRule"u8];
        var isSaid = policy.Exists || consent["policy"u8].Exists || consent["policyText"u8].Exists || consent["policyBasis"u8].Exists;
        if (!isSaid || consent["provision"u8]["type"u8].Exists || consent["decision"u8].Exists || consent["status"u8] is { Exists: true } status && !status.Is("active"u8)) return true;
        return About(consent) is (false, false) || IsOut(policy) || ResourceMapper.Has(policy, "OPTIN"u8) || ResourceMapper.Has(policy, "OPTINR"u8) || Denied(consent).Contains("all");
    }

    /// <summary>HL7 v3 ActConsentDirective.</summary>
    public static bool IsOut(JsonNode policy) => ResourceMapper.Has(policy, "OPTOUT"u8) || ResourceMapper.Has(policy, "OPTOUTE"u8);

    /// <summary>Whether it is about research, or about every use of what is known of the patient. Of care, of an advance directive: what they deny is not research unless they name it.</summary>
    static (bool OfResearch, bool OfPrivacy) About(JsonNode consent) =>
        (ResourceMapper.Has(consent["scope"u8], "research"u8) || Categories(consent), !consent["scope"u8]["coding"u8]["code"u8].Exists || ResourceMapper.Has(consent["scope"u8], "patient-privacy"u8));

    static bool IsKnown(JsonNode rule)
    {
        if (!rule.IsObject || rule["type"u8] is { Exists: true } type && !type.Is("deny"u8) && !type.Is("permit"u8)) return false;
        foreach (var exception in rule["provision"u8].Items)
            if (!IsKnown(exception)) return false;
        foreach (var purpose in rule["purpose"u8].Items)
            if (purpose["code"u8].Text.Length == 0) return false;
        return true;
    }

    static bool Categories(JsonNode consent)
    {
        foreach (var category in consent["category"u8].Items)
            foreach (var coding in category["coding"u8].Items)
                if (coding["code"u8].Is("research"u8) || coding["code"u8].Is("rsreid"u8) || coding["code"u8].Is("rsdid"u8)) return true;
        return false;
    }

    /// <summary>What its rules deny.</summary>
    static SortedSet<string> Denied(JsonNode consent)
    {
        var denied = new SortedSet<string>(StringComparer.Ordinal);
        var isAbout = About(consent) is not (false, false);
        foreach (var rule in consent["provision"u8].Items) Denied(rule, isAbout, denied);
        return denied;
    }

    /// <summary>What a rule and its exceptions deny. An exception that permits a part lifts nothing.</summary>
    /// <param name="unnamed">A rule that names no purpose is about research too.</param>
    static void Denied(JsonNode rule, bool unnamed, SortedSet<string> denied)
    {
        if (rule["type"u8].Is("deny"u8))
        {
            var named = false;
            foreach (var purpose in rule["purpose"u8].Items)
            {
                named = true;
                if (Reach(purpose["code"u8].ToString()) is { } reach) denied.Add(reach);
            }
            if (!named && unnamed) denied.Add("all");
        }
        foreach (var exception in rule["provision"u8].Items) Denied(exception, unnamed: false, denied);
    }

    static string? Reach(string purpose) => purpose switch
    {
        "PUBHLTH" => "purpose:publichealth",
        "HQUALIMP" => "purpose:careimprovement",
        "TRAIN" => "purpose:education",
        _ => Research.Contains(purpose) ? "all" : null,
    };
}
