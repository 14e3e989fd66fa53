using System.Net;
using System.Net.Http.Headers;

namespace Ambroise.Sources.Fhir.Export;

/// <summary>The line to a FHIR server: what fails for a while is sent again, no sooner than the server asks and no longer than the limit; the token goes with what needs it.</summary>
/// <remarks>Answers 408, 429 and 5xx and lost connections are of that kind; the wait is the answer's Retry-After (seconds or a date, RFC 9110, 10.2.3), and no less than 1, 2, 4 … 60 seconds.</remarks>
sealed class ServerLine : IDisposable
{
    /// <summary>Failures in a row before it is given up; fewer while the server never answered, where the address is likely to be wrong.</summary>
    public const int MostTries = 6, FirstTries = 2;

    /// <summary>Silence longer than this is a lost connection.</summary>
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(100);

    /// <summary>The shortest wait.</summary>
    static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    enum Lost { No, Broken, Silent, Untrusted }

    readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = TimeSpan.FromSeconds(30), PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };
    readonly ExportRequest asked;
    readonly TimeProvider clock;
    readonly DateTimeOffset deadline;
    readonly BackendToken? token;
    bool answered;

    /// <summary>What the server answered when it was given up; null where it did not, or was not.</summary>
    public HttpStatusCode? GaveUpAt { get; private set; }

    /// <summary>Called where the server keeps us waiting: from a thread of its own.</summary>
    public Action<ExportWait>? Waits { get; set; }

    /// <summary>Silence for so long is told.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    public ServerLine(ExportRequest asked, BackendToken? token, TimeProvider clock) => (this.asked, this.token, this.clock, deadline) = (asked, token, clock, clock.GetUtcNow() + asked.Limit);

    /// <param name="place">What is being done, for the failure.</param>
    /// <param name="withToken">Never over a line that others can read.</param>
    /// <returns>The headers of an answer that is not of the kind to wait for, its body still to be read.</returns>
    /// <exception cref="FailureException"><c>export.unreachable</c>, <c>export.server-failed</c>, <c>export.certificate</c>, <c>export.time-limit</c>, <c>export.plain-http</c>, <c>export.token-…</c>.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, ExportPlace place, Action<HttpRequestMessage>? dress, bool withToken, CancellationToken cancel)
    {
        var (renewed, hops) = (false, 0);
        for (var tries = 1; ; tries++)
        {
            Check(address, place, withToken && token is not null);
            using var request = new HttpRequestMessage(method, address);
            dress?.Invoke(request);
            if (withToken && token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await token.GetAsync(this, cancel));
            var (answer, lost) = await HeadersAsync(request, place, cancel);
            if (lost == Lost.Untrusted) throw new Failure(FailureKind.Forbidden, "export.certificate", $"No protected connection to {address.Host} ({place}): its certificate is not trusted here, or it speaks no TLS this machine accepts.").AsException();
            answered |= answer is not null;
            switch (answer?.StatusCode)
            {
                case HttpStatusCode.Unauthorized when withToken && token is not null && !renewed:
                    renewed = true;
                    token.Forget();
                    answer.Dispose();
                    tries--;
                    continue;
                case HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect when method == HttpMethod.Get && answer.Headers.Location is { } moved && hops < 5:
                    hops++;
                    tries--;
                    var next = new Uri(address, moved);
                    withToken &= next.GetLeftPart(UriPartial.Authority) == address.GetLeftPart(UriPartial.Authority);
                    address = next;
                    answer.Dispose();
                    continue;
                case { } status when (int)status < 500 && status is not (HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout) || status == HttpStatusCode.NotImplemented:
                    return answer!;
            }
            var wait = answer is null ? null : Asked(answer);
            answer?.Dispose();
            if (tries >= (answered ? MostTries : FirstTries))
            {
                GaveUpAt = answer?.StatusCode;
                throw (lost == Lost.Silent ? new Failure(FailureKind.Unavailable, "export.unreachable", $"{address.Host} took the connection and did not answer within {Silence.TotalSeconds} seconds ({place}), {tries} times: is it up, and a FHIR server? What was fetched is kept for the next run.")
                    : answer is null ? new Failure(FailureKind.Unavailable, "export.unreachable", $"{address.Host} could not be reached or broke off ({place}), {tries} times: check the address and the network. What was fetched is kept for the next run.")
                    : new Failure(FailureKind.Unavailable, "export.server-failed", $"{address.Host} answered {(int)answer.StatusCode} ({place}), {tries} times: try later, or ask who runs it. What was fetched is kept for the next run.")).AsException();
            }
            var least = BackOff(tries);
            await AgainAsync(wait > least ? wait.Value : least, address, (int?)answer?.StatusCode, place, cancel);
        }
    }

    /// <summary>Waits before something is tried again, and tells it.</summary>
    /// <param name="status">What the server answered; null where it did not.</param>
    /// <exception cref="FailureException"><c>export.time-limit</c> where the wait would go past it.</exception>
    public Task AgainAsync(TimeSpan wait, Uri address, int? status, ExportPlace place, CancellationToken cancel)
    {
        Waits?.Invoke(new(address.Host, place, status, wait));
        return WaitAsync(wait, place, cancel);
    }

    /// <exception cref="FailureException"><c>export.time-limit</c> where the wait would go past it.</exception>
    public async Task WaitAsync(TimeSpan wait, ExportPlace place, CancellationToken cancel)
    {
        if (wait < Least) wait = Least; // a server that asks for no wait is not hammered either
        if (wait > deadline - clock.GetUtcNow()) throw Late(place);
        await Task.Delay(wait, clock, cancel);
    }

    /// <summary>Reads some of a body.</summary>
    /// <exception cref="IOException">The connection broke, or went silent.</exception>
    /// <exception cref="FailureException"><c>export.time-limit</c>.</exception>
    public async Task<int> ReadAsync(Stream body, Memory<byte> into, ExportPlace place, CancellationToken cancel)
    {
        var most = Patient(place);
        using var silent = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        silent.CancelAfter(most);
        try
        {
            return await body.ReadAsync(into, silent.Token);
        }
        catch (OperationCanceledException) when (most < Silence && !cancel.IsCancellationRequested)
        {
            throw Late(place);
        }
        catch (Exception e) when (e is HttpRequestException || e is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            throw new IOException("The connection broke."); // the reader's own message is not needed
        }
    }

    /// <summary>Sends, and reads an answer that is small by nature. Where the connection breaks within it, it is asked for again.</summary>
    /// <param name="most">Bytes of it that are read.</param>
    /// <exception cref="FailureException">As of <see cref="SendAsync"/>.</exception>
    public async Task<(HttpResponseMessage Answer, byte[] Body)> AskAsync(HttpMethod method, Uri address, ExportPlace place, Action<HttpRequestMessage>? dress, bool withToken, int most, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            var answer = await SendAsync(method, address, place, dress, withToken, cancel);
            try
            {
                return (answer, await BodyAsync(answer, most, place, cancel));
            }
            catch (IOException) when (!cancel.IsCancellationRequested)
            {
                answer.Dispose();
                if (tries >= MostTries) throw new Failure(FailureKind.Unavailable, "export.unreachable", $"{address.Host} broke off {tries} times ({place}): try later. What was fetched is kept for the next run.").AsException();
                await AgainAsync(BackOff(tries), address, null, place, cancel);
            }
        }
    }

    /// <summary>The start of a body, for answers that are small by nature.</summary>
    public async Task<byte[]> BodyAsync(HttpResponseMessage answer, int most, ExportPlace place, CancellationToken cancel)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[16 << 10];
        using var body = await answer.Content.ReadAsStreamAsync(cancel);
        while (kept.Length < most && await ReadAsync(body, buffer, place, cancel) is > 0 and var read) kept.Write(buffer, 0, read);
        return kept.ToArray();
    }

    /// <summary>What an answer asks to wait; null where it says nothing. A date is set against the server's own clock.</summary>
    public TimeSpan? Asked(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - (answer.Headers.Date ?? clock.GetUtcNow()),
        // More seconds than the platform reads: longer than any limit.
        _ => answer.Headers.NonValidated.TryGetValues("Retry-After", out var said) && said.ToString() is { Length: > 0 } digits && digits.All(char.IsAsciiDigit) ? TimeSpan.MaxValue : null,
    };

    public static TimeSpan BackOff(int tries) => TimeSpan.FromSeconds(Math.Min(60, 1 << Math.Min(tries - 1, 6)));

    async Task<(HttpResponseMessage? Answer, Lost Lost)> HeadersAsync(HttpRequestMessage request, ExportPlace place, CancellationToken cancel)
    {
        var most = Patient(place);
        using var silent = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        silent.CancelAfter(most);
        using var told = new Timer(_ => Waits?.Invoke(new(request.RequestUri!.Host, place, null, null)), null, Patience, Timeout.InfiniteTimeSpan);
        try
        {
            return (await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silent.Token), Lost.No);
        }
        catch (HttpRequestException e)
        {
            return (null, e.HttpRequestError == HttpRequestError.SecureConnectionError ? Lost.Untrusted : Lost.Broken);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return most < Silence ? throw Late(place) : (null, Lost.Silent);
        }
    }

    /// <returns>How long silence may last: what is left of the limit, where that is less.</returns>
    /// <exception cref="FailureException"><c>export.time-limit</c> where nothing is left.</exception>
    TimeSpan Patient(ExportPlace place)
    {
        var left = deadline - clock.GetUtcNow();
        return left <= TimeSpan.Zero ? throw Late(place) : left < Silence ? left : Silence;
    }

    void Check(Uri address, ExportPlace place, bool carriesToken)
    {
        if (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp) throw new Failure(FailureKind.Invalid, "export.address-elsewhere", $"The server points to an address that is neither http nor https ({place}): nothing was sent there.").AsException();
        if (ExportRequest.IsPrivate(address)) return;
        if (carriesToken) throw new Failure(FailureKind.Forbidden, "export.token-plain", $"{address.Host} is asked over plain http ({place}): the token is not sent there, whatever --insecure-http says. Use https.").AsException();
        if (!asked.AllowPlainHttp) throw new Failure(FailureKind.Forbidden, "export.plain-http", $"{address.Host} would send patients' data unencrypted ({place}): use its https address, or say --insecure-http where the line itself is protected.").AsException();
    }

    FailureException Late(ExportPlace place) => new Failure(FailureKind.Unavailable, "export.time-limit", $"{asked.Shown} did not end within {Spoken(asked.Limit)} ({place}): run the same command again to go on, or give more with --time-limit.").AsException();

    /// <summary>A length of time as people say it, in the largest unit that holds it whole: 24 h, 90 min.</summary>
    internal static string Spoken(TimeSpan time)
    {
        var seconds = (long)time.TotalSeconds;
        return seconds % 3600 == 0 ? $"{seconds / 3600} h" : seconds % 60 == 0 ? $"{seconds / 60} min" : $"{seconds} s";
    }

    public void Dispose() => http.Dispose();
}
