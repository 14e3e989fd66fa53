using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Ambroise.Sources.Csv;
using Ambroise.Sources.Fhir.Reading;

namespace Ambroise.Sources.Fhir.Export;

/// <summary>How far an export is.</summary>
/// <param name="Says">The server's own words while it prepares (X-Progress); empty where it says nothing.</param>
/// <param name="Files">0 while the server prepares.</param>
public sealed record ExportProgress(string Says, int Fetched, int Files);

/// <summary>The server keeps us waiting.</summary>
/// <param name="Place">What is being done.</param>
/// <param name="Status">What it answered; null where it did not.</param>
/// <param name="Again">When it is asked again; null where its answer is still awaited.</param>
public sealed record ExportWait(string Host, ExportPlace Place, int? Status, TimeSpan? Again);

/// <summary>Problems the server tells of in its error files, by its own words of severity and kind.</summary>
public sealed record ExportProblem(string Severity, string Code, long Count);

/// <summary>An export by a FHIR server, fetched into sealed files of the tenant: it goes on where an earlier run was cut off, and stays until it was loaded.</summary>
/// <remarks>HL7 FHIR Bulk Data Access 2.0.0, "Bulk Data Export". What the folder says comes first: a job under way is polled, files fetched already are not fetched again.</remarks>
public sealed class BulkExport : IDisposable
{
    readonly ExportRequest asked;
    readonly ExportFolder folder;
    readonly ServerLine line;
    readonly TimeProvider clock;

    /// <summary>Which file the server has no more; null where it is the job itself.</summary>
    string? gone;

    BulkExport(ExportRequest asked, ExportFolder folder, BackendClient? client, TimeProvider clock) =>
        (this.asked, this.folder, this.clock, line) = (asked, folder, clock, new(asked, client is null ? null : new(client, asked, clock), clock));

    /// <summary>Called as it goes on.</summary>
    public Action<ExportProgress>? Progressed { get; set; }

    /// <summary>Called where the server keeps us waiting, from a thread of its own.</summary>
    public Action<ExportWait>? Waits { get => line.Waits; set => line.Waits = value; }

    /// <summary>Whether an earlier run began it.</summary>
    public bool IsResumed { get; private set; }

    /// <summary>What this export asks for changes since; null for everything.</summary>
    public string? Since => asked.Since;

    /// <summary>The server's instant of the export, once fetched.</summary>
    public string TransactionTime => Manifest.TransactionTime;

    /// <summary>Problems that the server tells of, once fetched.</summary>
    public IReadOnlyList<ExportProblem> Problems { get; private set; } = [];

    /// <summary>Problems for which something was not exported: those of severity error or fatal, and those that cannot be read.</summary>
    long Failures => Problems.Where(p => p.Severity is not ("warning" or "information" or "success")).Sum(p => p.Count);

    /// <summary>Resources that the manifest counts and the files lack, once fetched.</summary>
    public long Missing => folder.State.Job!.Fetched.Sum(f => f.Short);

    /// <summary>Whether the server says of nothing that it did not come, once fetched.</summary>
    public bool IsWhole => Missing == 0 && Failures == 0;

    ExportManifest Manifest => folder.State.Job!.Manifest!;

    /// <param name="exports">The tenant's folder of exports.</param>
    /// <param name="key">32 bytes, of the tenant; must outlive this.</param>
    /// <param name="sinceLast">Changes since the last export of the same name that was loaded; everything where there was none.</param>
    /// <param name="anew">Forgets an export under way.</param>
    /// <param name="client">Null for a server that asks for no token.</param>
    /// <returns>The export, to be disposed of; or <c>export.busy</c>, <c>export.tampered</c>.</returns>
    public static Result<BulkExport> Open(string exports, ReadOnlyMemory<byte> key, ExportRequest asked, bool sinceLast, bool anew, BackendClient? client, TimeProvider clock)
    {
        if (ExportFolder.Open(exports, key, asked, anew).Failed(out var failure, out var folder)) return failure;
        if (sinceLast) asked = asked with { Since = folder.State.LastTransactionTime };
        if (folder.State.Job is { } job && job.Since != asked.Since) folder.Forget(); // it answers another question
        return new BulkExport(asked, folder, client, clock);
    }

    /// <summary>Fetches everything.</summary>
    /// <returns>The files, to be read while this lives; or <c>export.…</c>.</returns>
    public async Task<Result<FhirFolder>> FetchAsync(CancellationToken cancel)
    {
        try
        {
            IsResumed = folder.State.Job is not null;
            for (var again = false; ; again = true)
            {
                if (folder.State.Job is null) await KickOffAsync(cancel);
                if (await CompleteAsync(cancel)) break;
                // The server no longer knows a job that an earlier run began.
                folder.Forget();
                if (again || !IsResumed) throw new Failure(FailureKind.Unavailable, "export.gone", gone ?? $"{asked.Shown} no longer knows the export it began: run the command again.").AsException();
                (IsResumed, gone) = (false, null);
            }
            await DeleteAsync(cancel);
            Problems = ReadProblems();
            var names = new Dictionary<string, int>();
            var files = new List<FhirFile>();
            foreach (var (file, fetched) in Manifest.Files.Zip(folder.State.Job!.Fetched).Where(f => f.First.Kind != ExportKind.Outcome))
            {
                var word = file.Kind == ExportKind.Deleted ? "deleted" : file.Type;
                names[word] = names.GetValueOrDefault(word) + 1;
                files.Add(new(asked.Shown, $"{word}.{names[word]:D4}.ndjson", fetched.Bytes) { Opens = () => Open(fetched), AsOf = ExportRequest.Instant(Manifest.TransactionTime) });
            }
            return FhirFolder.Of(asked.Shown, files);
        }
        catch (FailureException e)
        {
            // A job whose place answers 500 to the end has failed (Bulk Data 2.0.0, "Bulk Data Status Request"): the next run begins another.
            if (folder.State.Job is { Manifest: null } && line.GaveUpAt == HttpStatusCode.InternalServerError)
            {
                folder.Forget();
                return e.Failure with { Detail = $"{asked.Shown} answered 500 when asked for the export it began, time after time: it failed there. Ask who runs it; the next run asks for it anew." };
            }
            if (folder.State.Job is null) return e.Failure;
            if (e.Failure.Code == "export.address-elsewhere")
            {
                folder.Forget();
                return e.Failure with { Detail = $"{e.Failure.Detail} The export is forgotten: the next run asks for it anew." };
            }
            return e.Failure.Code is "export.refused" or "export.answer-invalid" or "export.plain-http" or "export.token-plain" ? Kept(e.Failure) : e.Failure;
        }
    }

    /// <summary>A failure that the same command meets again, for what the server gave is kept: says how to ask anew.</summary>
    static Failure Kept(Failure failure) => failure with { Detail = $"{failure.Detail} What the server gave is kept for the next try: --anew asks it again." };

    /// <summary>Whether the list has files of that type.</summary>
    public bool Lists(string type) => Manifest.Files.Any(f => f.Kind == ExportKind.Output && f.Type == type);

    /// <summary>The release that came of it is committed: what was fetched goes, and the next increment starts where this one ended.</summary>
    /// <param name="whole">Whether all came that was to come: else the next increment asks for what changed since the one before, once more.</param>
    /// <returns>What the next increment asks for changes since; null for everything.</returns>
    public string? Loaded(bool whole)
    {
        folder.Loaded(whole && IsWhole);
        return folder.State.LastTransactionTime;
    }

    /// <summary>What was fetched could not be loaded: it is kept for the next try, unless there is nothing of it to keep.</summary>
    /// <returns>The failure, which says how to ask anew where the same command would meet it again.</returns>
    public Failure NotLoaded(Failure failure)
    {
        if (Manifest.Files.Any(f => f.Kind != ExportKind.Outcome)) return Kept(failure);
        folder.Forget();
        return failure with { Detail = $"{failure.Detail} {asked.Shown} gave no file of resources: the next run asks for the export anew." };
    }

    async Task KickOffAsync(CancellationToken cancel)
    {
        var place = new ExportPlace(ExportStep.Start);
        using var answer = await line.SendAsync(HttpMethod.Get, asked.KickOff, place, static r =>
        {
            r.Headers.Accept.ParseAdd("application/fhir+json");
            r.Headers.Add("Prefer", "respond-async");
        }, withToken: true, cancel);
        if (answer.StatusCode != HttpStatusCode.Accepted) throw await RefusedAsync(answer, place, cancel);
        if (answer.Content.Headers.ContentLocation is not { } status) throw Invalid($"{asked.Shown} accepted the export and does not say where to ask for it (Content-Location)");
        folder.Write(new ExportJob(RandomNumberGenerator.GetHexString(32, lowercase: true), asked.Since, new Uri(asked.KickOff, status).AbsoluteUri, null, []));
    }

    /// <returns>False where the server does not know the job any more.</returns>
    async Task<bool> CompleteAsync(CancellationToken cancel)
    {
        if (folder.State.Job!.Manifest is null && !await PollAsync(cancel)) return false;
        var files = Manifest.Files;
        for (var index = folder.State.Job.Fetched.Count; index < files.Count; index++)
        {
            Progressed?.Invoke(new("", index, files.Count));
            var fetched = await FetchAsync(index, files[index], cancel);
            if (fetched is null) return false;
            folder.Write(folder.State.Job with { Fetched = [.. folder.State.Job.Fetched, fetched] });
        }
        Progressed?.Invoke(new("", files.Count, files.Count));
        return true;
    }

    async Task<bool> PollAsync(CancellationToken cancel)
    {
        var place = new ExportPlace(ExportStep.Wait);
        var (job, polls, told) = (folder.State.Job!, 0, "");
        var at = new Uri(job.StatusUrl);
        ExportManifest? whole = null;
        var pages = new HashSet<Uri>();
        for (Uri? next = at; next is not null;)
        {
            var (answer, body) = await line.AskAsync(HttpMethod.Get, next, place, static r => r.Headers.Accept.ParseAdd("application/json"), withToken: true, 256 << 20, cancel);
            using var read = answer;
            switch (answer.StatusCode)
            {
                case HttpStatusCode.Accepted:
                    var says = answer.Headers.TryGetValues("X-Progress", out var words) ? Printable(string.Join(' ', words)) : "";
                    if (says != told || polls == 0) Progressed?.Invoke(new(told = says, 0, 0));
                    await line.WaitAsync(line.Asked(answer) ?? ServerLine.BackOff(++polls), place, cancel);
                    break;
                case HttpStatusCode.OK:
                    if (!pages.Add(next)) throw Invalid($"{asked.Shown} gives a list of files that leads back to itself");
                    if (ExportManifest.Parse(body, next, out next) is not { } part) throw Invalid($"{asked.Shown} says the export is done and gives no list of files that can be read");
                    whole = whole is null ? part : whole with { Files = [.. whole.Files, .. part.Files], RequiresAccessToken = whole.RequiresAccessToken || part.RequiresAccessToken };
                    if (whole.Files.Count > 1_000_000) throw Invalid($"{asked.Shown} gives a list of files without end");
                    break;
                case HttpStatusCode.NotFound or HttpStatusCode.Gone:
                    return false;
                default:
                    throw Refused(answer, body, place);
            }
        }
        folder.Write(job with { Manifest = whole });
        return true;
    }

    /// <returns>Null where the server has the file no more.</returns>
    async Task<FetchedFile?> FetchAsync(int index, ExportFile file, CancellationToken cancel)
    {
        var place = new ExportPlace(ExportStep.File, index + 1, Manifest.Files.Count, file.Type);
        for (var again = false; ; again = true)
        {
            using (var spool = folder.Spool(index))
            {
                if (!await DownloadAsync(new Uri(file.Url), spool, place, cancel)) return null;
                spool.Finish();
                var fetched = new FetchedFile(index, spool.Length, false, 0);
                spool.Dispose();
                fetched = fetched with { Packed = IsGzip(fetched) };
                var missing = file.Count is { } count && file.Kind == ExportKind.Output ? Math.Max(0, count - Lines(fetched, cancel)) : 0;
                if (missing == 0 || again) return fetched with { Short = missing };
            }
        }
    }

    /// <summary>Takes a file over the line. A connection that breaks goes on where it broke if the server serves parts, else the file comes anew.</summary>
    async Task<bool> DownloadAsync(Uri address, SealedSpool spool, ExportPlace place, CancellationToken cancel)
    {
        var (inParts, tries) = (false, 0);
        EntityTagHeaderValue? tag = null;
        var buffer = new byte[128 << 10];
        while (true)
        {
            var from = inParts ? spool.Length : 0;
            using var answer = await line.SendAsync(HttpMethod.Get, address, place, request =>
            {
                request.Headers.Accept.ParseAdd("application/fhir+ndjson");
                request.Headers.AcceptEncoding.ParseAdd("gzip");
                if (from == 0) return;
                request.Headers.Range = new RangeHeaderValue(from, null);
                if (tag is not null) request.Headers.IfRange = new RangeConditionHeaderValue(tag);
            }, withToken: Manifest.RequiresAccessToken, cancel);
            if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone || IsExpired(answer.StatusCode))
            {
                gone = $"{address.Host} answered {(int)answer.StatusCode} ({place}): {(IsExpired(answer.StatusCode) ? "the address that the server gave, which needs no token, has expired, or may not be read from here" : "it no longer has the file")}. The export is forgotten: run the command again to ask for it anew.";
                return false;
            }
            var goesOn = from > 0 && answer.StatusCode == HttpStatusCode.PartialContent && answer.Content.Headers.ContentRange?.From == from;
            if (!goesOn && answer.StatusCode != HttpStatusCode.OK)
            {
                if (from == 0) throw await RefusedAsync(answer, place, cancel);
                inParts = false; // a server that says it serves parts and does not
                continue;
            }
            if (answer.Content.Headers.ContentType?.MediaType == "text/html") throw Invalid($"{address.Host} gives a web page where a file should be ({place})");
            var encoding = answer.Content.Headers.ContentEncoding.LastOrDefault() ?? "identity";
            if (encoding is not ("gzip" or "x-gzip" or "identity")) throw Invalid($"{address.Host} packs with '{Printable(encoding)}', which was not asked for ({place})");
            if (!goesOn)
            {
                spool.Restart();
                tag = answer.Headers.ETag is { IsWeak: false } strong ? strong : null;
                // Packed on the fly, two answers need not be the same bytes, unless a strong tag says so (RFC 9110, 8.8.1).
                inParts = answer.Headers.AcceptRanges.Contains("bytes") && (encoding == "identity" || tag is not null);
            }
            var before = spool.Length;
            try
            {
                using var body = await answer.Content.ReadAsStreamAsync(cancel);
                while (await line.ReadAsync(body, buffer, place, cancel) is > 0 and var read) spool.Write(buffer.AsSpan(0, read));
                return true;
            }
            catch (IOException) when (!cancel.IsCancellationRequested)
            {
                tries = inParts && spool.Length > before ? 1 : tries + 1;
                if (tries >= ServerLine.MostTries)
                    throw new Failure(FailureKind.Unavailable, "export.unreachable", $"{address.Host} broke off {tries} times ({place}): try later. What was fetched is kept for the next run.").AsException();
                await line.AgainAsync(ServerLine.BackOff(tries), address, null, place, cancel);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(buffer);
            }
        }
    }

    /// <summary>A file whose address is its own permission, as those of object stores are, answers so once that has expired.</summary>
    bool IsExpired(HttpStatusCode status) => status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden && !Manifest.RequiresAccessToken;

    /// <summary>Tells the server that its files are no longer needed. What it answers changes nothing for us: they expire by themselves.</summary>
    async Task DeleteAsync(CancellationToken cancel)
    {
        try
        {
            using var answer = await line.SendAsync(HttpMethod.Delete, new Uri(folder.State.Job!.StatusUrl), new(ExportStep.End), null, withToken: true, cancel);
        }
        catch (FailureException)
        {
            // The data is here: a job that stays behind on the server is no reason not to load it.
        }
    }

    Stream Open(FetchedFile fetched)
    {
        var spooled = folder.OpenSpool(fetched);
        return fetched.Packed ? new GzipFile(spooled) : spooled;
    }

    /// <summary>Whatever the headers say: text never begins so (RFC 1952, 2.3.1).</summary>
    bool IsGzip(FetchedFile fetched)
    {
        using var spooled = folder.OpenSpool(fetched);
        Span<byte> start = stackalloc byte[2];
        return spooled.ReadAtLeast(start, 2, throwOnEndOfStream: false) == 2 && start.SequenceEqual<byte>([0x1f, 0x8b]);
    }

    long Lines(FetchedFile fetched, CancellationToken cancel)
    {
        using var text = Open(fetched);
        var buffer = new byte[128 << 10];
        var (lines, blank) = (0L, true);
        try
        {
            while (text.Read(buffer) is > 0 and var read)
            {
                cancel.ThrowIfCancellationRequested();
                foreach (var c in buffer.AsSpan(0, read))
                    if (c == '\n') (lines, blank) = (blank ? lines : lines + 1, true);
                    else if (c > ' ') blank = false;
            }
        }
        catch (InvalidDataException)
        {
            // Packed and cut short: the lines before count, and the load says so too.
        }
        CryptographicOperations.ZeroMemory(buffer);
        return blank ? lines : lines + 1;
    }

    /// <summary>Counts what the error files tell. Their texts may quote a patient's record, so only codes are kept.</summary>
    List<ExportProblem> ReadProblems()
    {
        var counts = new Dictionary<(string, string), long>();
        foreach (var (_, fetched) in Manifest.Files.Zip(folder.State.Job!.Fetched).Where(f => f.First.Kind == ExportKind.Outcome))
        {
            using var text = new StreamReader(Open(fetched));
            while (text.ReadLine() is { } one)
                foreach (var issue in Issues(one)) counts[issue] = counts.GetValueOrDefault(issue) + 1;
        }
        return [.. counts.Select(c => new ExportProblem(c.Key.Item1, c.Key.Item2, c.Value)).OrderByDescending(p => p.Count).ThenBy(p => p.Code, StringComparer.Ordinal)];
    }

    static List<(string Severity, string Code)> Issues(string outcome)
    {
        try
        {
            using var json = JsonDocument.Parse(outcome);
            static string Word(JsonElement issue, string name) => issue.TryGetProperty(name, out var word) && word.GetString() is { Length: > 0 and <= 40 } text && text.All(static c => char.IsAsciiLetterLower(c) || c == '-') ? text : "unknown";
            return [.. json.RootElement.GetProperty("issue").EnumerateArray().Select(i => (Word(i, "severity"), Word(i, "code")))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return outcome.Length == 0 ? [] : [("unknown", "unknown")];
        }
    }

    async Task<FailureException> RefusedAsync(HttpResponseMessage answer, ExportPlace place, CancellationToken cancel)
    {
        byte[] body = [];
        try
        {
            body = await line.BodyAsync(answer, 64 << 10, place, cancel);
        }
        catch (IOException)
        {
            // The status says enough.
        }
        return Refused(answer, body, place);
    }

    FailureException Refused(HttpResponseMessage answer, byte[] body, ExportPlace place)
    {
        var codes = string.Join(", ", Issues(System.Text.Encoding.UTF8.GetString(body)).Select(i => i.Code).Where(c => c != "unknown").Distinct());
        var because = answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "it wants to know who asks, or does not allow it: give --client-id and --client-key, and have the client allowed to read these types",
            HttpStatusCode.NotFound => "it knows no such export: check the address, and --group",
            _ => "it does not do what was asked: check that it serves Bulk Data $export at this level and with these types",
        };
        return new Failure(answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? FailureKind.Forbidden : FailureKind.Unavailable, "export.refused",
            $"{asked.Shown} answered {(int)answer.StatusCode}{(codes.Length > 0 ? $" ({codes})" : "")} ({place}): {because}.").AsException();
    }

    static FailureException Invalid(string what) => new Failure(FailureKind.Unavailable, "export.answer-invalid", $"{what}: ask who runs the server.").AsException();

    /// <summary>A server's words as a terminal may show them.</summary>
    internal static string Printable(string words) => new([.. words.Where(static c => !char.IsControl(c) && !char.IsSurrogate(c) && char.GetUnicodeCategory(c) != UnicodeCategory.Format).Take(100)]);

    public void Dispose()
    {
        line.Dispose();
        folder.Dispose();
    }
}
