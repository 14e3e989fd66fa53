using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ambroise.Governance.Airlock;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Backup;
using Ambroise.Governance.Datasets;
using Ambroise.Governance.Disclosure;
using Ambroise.Governance.Oppositions;
using Ambroise.Governance.PatientRights;
using Ambroise.Governance.Projects;
using Ambroise.Governance.Register;
using Ambroise.Governance.Reidentification;
using Ambroise.Governance.Retention;
using Ambroise.Governance.SignIn;
using Ambroise.Governance.Sources;

namespace Ambroise.Governance.Control;

/// <summary>How what is kept is written as JSON. All of it is known when the program is compiled: compiled for its machine, it looks up no type by reflection.</summary>
static class KeptJson
{
    static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = KeptTypes.Default,
        Converters =
        {
            new JsonStringEnumConverter<Purpose>(JsonNamingPolicy.CamelCase), new JsonStringEnumConverter<LegalKind>(JsonNamingPolicy.CamelCase), new JsonStringEnumConverter<ReidentificationReason>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<Channel>(JsonNamingPolicy.CamelCase), new JsonStringEnumConverter<SourceState>(JsonNamingPolicy.CamelCase), new JsonStringEnumConverter<AirlockStep>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<RightsKind>(JsonNamingPolicy.CamelCase), new JsonStringEnumConverter<RightsState>(JsonNamingPolicy.CamelCase), new JsonStringEnumConverter<FindingKind>(JsonNamingPolicy.CamelCase),
        },
    };

    static readonly JsonSerializerOptions Lines = new(Web) { WriteIndented = true, NewLine = "\n" };

    static readonly JsonSerializerOptions Exact = new(Web) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    static readonly JsonSerializerOptions Declared = new() { TypeInfoResolver = KeptTypes.Default };

    /// <summary>One line, names and enums in camel case.</summary>
    public static JsonTypeInfo<T> Of<T>() => Of<T>(Web);

    /// <summary>The same, indented, for people to read.</summary>
    public static JsonTypeInfo<T> Indented<T>() => Of<T>(Lines);

    /// <summary>As <see cref="Of{T}()"/>; whoever writes it is told of a field that is none and of one that lacks.</summary>
    public static JsonTypeInfo<T> Strict<T>() => Of<T>(Exact);

    /// <summary>Names as they are declared, enums as numbers: what is hashed or authenticated so must stay so.</summary>
    public static JsonTypeInfo<T> AsDeclared<T>() => Of<T>(Declared);

    static JsonTypeInfo<T> Of<T>(JsonSerializerOptions options) => (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
}

[JsonSerializable(typeof(Permit))]
[JsonSerializable(typeof(ProjectRequest))]
[JsonSerializable(typeof(ReidentificationEntry))]
[JsonSerializable(typeof(Opposition))]
[JsonSerializable(typeof(Publication))]
[JsonSerializable(typeof(CategoryConfirmed))]
[JsonSerializable(typeof(SourceEntry))]
[JsonSerializable(typeof(AirlockEntry))]
[JsonSerializable(typeof(RetentionEntry))]
[JsonSerializable(typeof(NoticeEntry))]
[JsonSerializable(typeof(RightsEntry))]
[JsonSerializable(typeof(TwoFactorEntry))]
[JsonSerializable(typeof(Factors))]
[JsonSerializable(typeof(SignIns.Session))]
[JsonSerializable(typeof(ExpiredProject))]
[JsonSerializable(typeof(PackageContents))]
[JsonSerializable(typeof(AnonymityReport))]
[JsonSerializable(typeof(BackupList))]
[JsonSerializable(typeof(DisclosureRules))]
[JsonSerializable(typeof(AuditProof))]
[JsonSerializable(typeof(ImmutableArray<PublicProject>))]
sealed partial class KeptTypes : JsonSerializerContext;
