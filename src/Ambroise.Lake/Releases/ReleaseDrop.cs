namespace Ambroise.Lake.Releases;

/// <summary>Which releases may go: those that are neither among the newest nor made since a day.</summary>
public sealed record DropRules
{
    DropRules(int keep, DateOnly? before) => (Keep, Before) = (keep, before);

    /// <summary>So many of the newest stay, 1 or more: the newest always does.</summary>
    public int Keep { get; }

    /// <summary>Those made on this day in UTC or later stay; null where their day does not count.</summary>
    public DateOnly? Before { get; }

    /// <returns>The rules, or <c>drop.rules-invalid</c> where neither is given, or a number below 1.</returns>
    public static Result<DropRules> Of(int? keep, DateOnly? before) => keep is < 1 || keep is null && before is null
        ? new Failure(FailureKind.Invalid, "drop.rules-invalid", "Say which releases may go: --keep N, with N of 1 or more, --before DATE, or both.")
        : new DropRules(keep ?? 1, before);
}

/// <summary>Why a release stays.</summary>
public enum KeptBecause
{
    Newest,

    /// <summary>It is among the newest, or not old enough, as the rules say.</summary>
    Recent,

    /// <summary>Something names it that is in force or may be again.</summary>
    Named,
}

public sealed record KeptRelease(int Release, KeptBecause Because);

/// <param name="Dropped">Ascending by number.</param>
/// <param name="Kept">Ascending by number.</param>
/// <param name="Files">Sealed files that no release names any more.</param>
/// <param name="Bytes">Their size together: the space that is given back. Manifests and keys, some kilobytes, are not counted.</param>
public sealed record DropReport(IReadOnlyList<DroppedRelease> Dropped, IReadOnlyList<KeptRelease> Kept, int Files, long Bytes);

/// <summary>Takes whole releases away: those after them are chained anew in one commit, then the files and the keys that no release needs any more are destroyed.</summary>
/// <remarks>Stopped before the commit nothing has changed; after it, whoever next loads, erases or drops removes what is left over.</remarks>
public static class ReleaseDrop
{
    /// <summary>What would go. Changes nothing.</summary>
    /// <param name="named">Numbers of releases that something names. May throw a <see cref="FailureException"/>: then nothing goes.</param>
    /// <returns>What would go; or <c>lake.empty</c>, <c>lake.…</c>.</returns>
    public static Result<DropReport> Plan(TenantLake lake, DropRules rules, string by, Func<IReadOnlyCollection<int>> named)
    {
        if (lake.Releases().Failed(out var failure, out var releases)) return failure;
        return releases.Count == 0 ? lake.Empty : Plan(lake, releases, rules, by, named());
    }

    /// <summary>Drops what the rules say and nothing names.</summary>
    /// <param name="by">Who drops: written down with the release.</param>
    /// <param name="named">As for <see cref="Plan(TenantLake, DropRules, string, Func{IReadOnlyCollection{int}})"/>; asked while no other writer can change what there is.</param>
    /// <param name="record">Writes down what is about to go; when it throws, nothing goes. Not called where nothing would.</param>
    /// <returns>What went; or <c>lake.busy</c>, <c>lake.empty</c>, <c>lake.disk</c>, <c>lake.…</c> where nothing did; <c>drop.unfinished</c> where the releases went and files of theirs could not be removed yet.</returns>
    public static Result<DropReport> Run(TenantLake lake, DropRules rules, string by, Func<IReadOnlyCollection<int>> named, Action<DropReport> record)
    {
        if (lake.Lock().Failed(out var busy, out var held)) return busy;
        using (held)
        {
            if (lake.Clean().Failed(out var failure, out _) || lake.Releases().Failed(out failure, out var releases)) return failure;
            if (releases.Count == 0) return lake.Empty;
            var plan = Plan(lake, releases, rules, by, named());
            if (plan.Dropped.Count == 0) return plan;
            record(plan);
            try
            {
                Commit(lake, releases, plan);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new Failure(FailureKind.Unavailable, "lake.disk", $"Writing to {lake.Folder} failed: nothing was dropped. Make room or give permission, then drop again.");
            }
            try
            {
                if (lake.Clean().Failed(out _, out _)) return Unfinished(plan);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FailureException)
            {
                return Unfinished(plan);
            }
            return plan;
        }
    }

    static DropReport Plan(TenantLake lake, IReadOnlyList<Manifest> releases, DropRules rules, string by, IReadOnlyCollection<int> named)
    {
        var (dropped, kept, left) = (new List<DroppedRelease>(), new List<KeptRelease>(), new HashSet<string>(StringComparer.Ordinal));
        var now = lake.Now;
        for (var i = 0; i < releases.Count; i++)
        {
            var release = releases[i];
            var recent = releases.Count - i <= rules.Keep || rules.Before is { } day && DateOnly.FromDateTime(release.Created.UtcDateTime) >= day;
            if (!recent && !named.Contains(release.Release))
            {
                dropped.Add(new(release.Release, release.Created, now, by));
                continue;
            }
            kept.Add(new(release.Release, i == releases.Count - 1 ? KeptBecause.Newest : recent ? KeptBecause.Recent : KeptBecause.Named));
            left.UnionWith(release.Files.Select(f => f.Path));
        }
        var gone = releases.SelectMany(m => m.Files).Where(f => !left.Contains(f.Path)).DistinctBy(f => f.Path).ToList();
        return new(dropped, kept, gone.Count, gone.Sum(f => f.Bytes));
    }

    static void Commit(TenantLake lake, IReadOnlyList<Manifest> releases, DropReport plan)
    {
        var gone = plan.Dropped.Select(d => d.Release).ToHashSet();
        var from = releases.Select(m => m.Release).TakeWhile(r => !gone.Contains(r)).Count();
        // The newest says what went: it is there as long as it is the newest, and passes it on when it is dropped itself.
        var left = releases.Where(m => !gone.Contains(m.Release)).Select((m, i) => i < from ? m : m with { Format = Manifest.PlainFormat, Dropped = null }).ToList();
        left[^1] = left[^1] with { Format = Manifest.DroppedFormat, Dropped = [.. DroppedRelease.Of(releases).Concat(plan.Dropped).OrderBy(d => d.Release)] };
        lake.Publish(left, from);
    }

    static Failure Unfinished(DropReport plan) => new(FailureKind.Unavailable, "drop.unfinished",
        $"{plan.Dropped.Count} releases are dropped, yet files or keys of theirs could not be removed: run the command again.");
}
