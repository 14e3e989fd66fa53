using System.Xml.Linq;

namespace Ambroise.Tests.Rules;

/// <summary>Which project may know which: the direction of trust, held by a test.</summary>
public sealed class DependencySpecs
{
    static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Ambroise.Vault"] = [],
        ["Ambroise.Lake"] = ["Ambroise.Vault"],
        ["Ambroise.Sources"] = ["Ambroise.Lake"],
        ["Ambroise.Cohorts"] = ["Ambroise.Lake"],
        ["Ambroise.Governance"] = ["Ambroise.Lake"],
        ["Ambroise.Cli"] = ["Ambroise.Sources", "Ambroise.Cohorts", "Ambroise.Governance"],
    };

    /// <summary>What each project may bring in: a package sits behind the one boundary that needs it.</summary>
    static readonly Dictionary<string, string[]> AllowedPackages = new()
    {
        ["NSec.Cryptography"] = ["Ambroise.Vault"],
        ["Pkcs11Interop"] = ["Ambroise.Vault"],
        ["ParquetSharp"] = ["Ambroise.Lake", "Ambroise.Sources", "Ambroise.Cohorts"],
        ["DuckDB.NET.Data.Full"] = ["Ambroise.Sources", "Ambroise.Cohorts"],
        ["Spectre.Console"] = ["Ambroise.Cli"],
        ["System.CommandLine"] = ["Ambroise.Cli"],
    };

    static readonly string[] VagueEndings = ["Manager", "Helper", "Helpers", "Util", "Utils", "Common", "Misc", "Processor", "V2", "Service"];

    [Fact]
    public void Projects_reference_only_what_their_boundary_allows()
    {
        var projects = Projects();
        Assert.Equal(Allowed.Keys.Order(), projects.Keys.Order());
        foreach (var (name, project) in projects)
            Assert.All(References(project, "ProjectReference").Select(p => Path.GetFileNameWithoutExtension(p.Replace('\\', '/'))), reference =>
                Assert.True(Allowed[name].Contains(reference), $"{name} must not reference {reference}"));
    }

    [Fact]
    public void Packages_stay_behind_their_boundary()
    {
        foreach (var (name, project) in Projects())
            foreach (var package in References(project, "PackageReference").Where(AllowedPackages.ContainsKey))
                Assert.True(AllowedPackages[package].Contains(name), $"{name} must not use {package}");
    }

    [Fact]
    public void The_vault_and_the_lake_name_nothing_of_those_above_them()
    {
        string[] above = ["Ambroise.Governance", "Ambroise.Sources", "Ambroise.Cohorts", "Ambroise.Cli"];
        Assert.All(SourcesOf("Ambroise.Vault"), file => Assert.DoesNotContain(above.Append("Ambroise.Lake"), name => File.ReadAllText(file).Contains("using " + name, StringComparison.Ordinal)));
        Assert.All(SourcesOf("Ambroise.Lake"), file => Assert.DoesNotContain(above, name => File.ReadAllText(file).Contains("using " + name, StringComparison.Ordinal)));
    }

    [Fact]
    public void No_file_has_a_vague_name()
    {
        foreach (var name in Projects().Keys)
            Assert.All(SourcesOf(name).Select(f => Path.GetFileNameWithoutExtension(f)!), file =>
                Assert.False(VagueEndings.Any(e => file.EndsWith(e, StringComparison.Ordinal)), file));
    }

    /// <summary>The door itself, and the one caller that passes it the oppositions.</summary>
    static readonly string[] OpenTheDoor = ["Door.cs", "OpenTenant.cs"];

    [Fact]
    public void The_door_is_opened_where_oppositions_are_at_hand_and_nowhere_else()
    {
        foreach (var name in Projects().Keys)
            Assert.All(SourcesOf(name).Where(f => !OpenTheDoor.Contains(Path.GetFileName(f))), file => Assert.DoesNotContain("Door.Open(", File.ReadAllText(file), StringComparison.Ordinal));
    }

    /// <summary>Asks for roles and for who is signed in, and makes a tenant that has neither yet.</summary>
    static readonly string[] OpenKeys = ["KeyRing.cs", "Session.cs", "CreateTenant.cs"];

    [Fact]
    public void Keys_are_opened_where_it_is_asked_who_acts_and_nowhere_else()
    {
        foreach (var name in Projects().Keys)
            Assert.All(SourcesOf(name).Where(f => !OpenKeys.Contains(Path.GetFileName(f))), file => Assert.DoesNotContain("KeyRing.Unseal(", File.ReadAllText(file), StringComparison.Ordinal));
    }

    static Dictionary<string, XDocument> Projects() => Directory
        .EnumerateFiles(Path.Combine(Checkout.Root, "src"), "*.csproj", SearchOption.AllDirectories)
        .ToDictionary(f => Path.GetFileNameWithoutExtension(f), f => XDocument.Load(f));

    static IEnumerable<string> References(XDocument project, string kind) => project.Descendants(kind).Select(r => r.Attribute("Include")!.Value);

    static IEnumerable<string> SourcesOf(string project) => Directory.EnumerateFiles(Path.Combine(Checkout.Root, "src", project), "*.cs", SearchOption.AllDirectories);
}
