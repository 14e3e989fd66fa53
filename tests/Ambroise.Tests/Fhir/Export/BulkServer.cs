using System.Net;
using System.Text;

namespace Ambroise.Tests.Fhir.Export;

/// <summary>A FHIR server with Bulk Data $export on this machine, that misbehaves where a test says so.</summary>
sealed class BulkServer : IDisposable
{
    readonly HttpListener listener = new();
    readonly Dictionary<string, Queue<Action<HttpListenerContext>>> mishaps = [];

    public BulkServer()
    {
        using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/fhir";
        }
        listener.Prefixes.Add(Address + "/");
        listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public string Address { get; }

    /// <summary>NDJSON by file name.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    public bool RequiresToken { get; init; }

    public string TransactionTime { get; set; } = "2026-03-01T00:00:00Z";

    /// <summary>What was asked, as METHOD path?query, with the range after it.</summary>
    public List<string> Asked { get; } = [];

    public string? Token { get; set; }

    /// <summary>The bodies of requests for a token.</summary>
    public List<string> TokenRequests { get; } = [];

    /// <summary>What happens to the next request of a path in place of its answer.</summary>
    public void Mishap(string path, params Action<HttpListenerContext>[] all)
    {
        if (!mishaps.TryGetValue(path, out var queue)) mishaps[path] = queue = new();
        foreach (var one in all) queue.Enqueue(one);
    }

    public static Action<HttpListenerContext> Status(int status, string? retryAfter = null, string? progress = null) => context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.Headers["Retry-After"] = retryAfter;
        if (progress is not null) context.Response.Headers["X-Progress"] = progress;
        context.Response.Close();
    };

    public static Action<HttpListenerContext> Moved(int status, string to) => context =>
    {
        context.Response.Headers["Location"] = to;
        Status(status)(context);
    };

    public static Action<HttpListenerContext> Json(string json) => context => Write(context, json);

    /// <summary>An answer that ends before it is whole.</summary>
    public static void BreaksOff(HttpListenerContext context)
    {
        context.Response.ContentLength64 = 10_000;
        context.Response.OutputStream.Write("{\"transactionTime\":"u8);
        context.Response.OutputStream.Flush();
        Thread.Sleep(50);
        context.Response.Abort();
    }

    public static Action<HttpListenerContext> Bytes(byte[] bytes) => context =>
    {
        context.Response.ContentLength64 = bytes.Length;
        context.Response.OutputStream.Write(bytes);
        context.Response.Close();
    };

    /// <summary>Announces the whole file and breaks off halfway.</summary>
    public Action<HttpListenerContext> Drop(string file, bool parts) => context =>
    {
        var bytes = Files[file];
        if (parts) context.Response.Headers["Accept-Ranges"] = "bytes";
        context.Response.ContentLength64 = bytes.Length;
        context.Response.OutputStream.Write(bytes, 0, bytes.Length / 2);
        context.Response.OutputStream.Flush();
        Thread.Sleep(50); // so that the half arrives before the break
        context.Response.Abort();
    };

    async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            var path = context.Request.Url!.AbsolutePath["/fhir".Length..];
            lock (Asked) Asked.Add($"{context.Request.HttpMethod} {path}{Uri.UnescapeDataString(context.Request.Url.Query)}{(context.Request.Headers["Range"] is { } range ? $" {range}" : "")}");
            if (mishaps.TryGetValue(path, out var queue) && queue.TryDequeue(out var mishap)) mishap(context);
            else Answer(context, path);
        }
    }

    void Answer(HttpListenerContext context, string path)
    {
        if (path == "/token")
        {
            TokenRequests.Add(new StreamReader(context.Request.InputStream).ReadToEnd());
            Token = $"jeton-{TokenRequests.Count}-secret";
            Write(context, $$"""{"access_token":"{{Token}}","token_type":"bearer","expires_in":300}""");
        }
        else if (path == "/.well-known/smart-configuration") Write(context, $$"""{"token_endpoint":"{{Address}}/token","capabilities":["permission-v2"]}""");
        else if (RequiresToken && context.Request.Headers["Authorization"] != $"Bearer {Token}") Status(401)(context);
        else if (path.EndsWith("$export", StringComparison.Ordinal))
        {
            context.Response.Headers["Content-Location"] = $"{Address}/job";
            Status(202)(context);
        }
        else if (path == "/job" && context.Request.HttpMethod == "DELETE") Status(202)(context);
        else if (path == "/job")
        {
            string List(Func<string, bool> which) => string.Join(',', Files.Keys.Where(which).Order(StringComparer.Ordinal).Select(f => $$"""{"type":"{{f.Split('.')[0]}}","url":"{{Address}}/files/{{f}}"}"""));
            Write(context, $$"""{"transactionTime":"{{TransactionTime}}","request":"x","requiresAccessToken":{{(RequiresToken ? "true" : "false")}},"output":[{{List(f => f[0] is not ('d' or 'e'))}}],"deleted":[{{List(f => f[0] == 'd')}}],"error":[{{List(f => f[0] == 'e')}}]}""");
        }
        else if (Files.TryGetValue(path.Split('/')[^1], out var bytes))
        {
            context.Response.Headers["Accept-Ranges"] = "bytes";
            var from = 0;
            if (context.Request.Headers["Range"] is { } range)
            {
                from = int.Parse(range["bytes=".Length..].TrimEnd('-'), null);
                context.Response.StatusCode = 206;
                context.Response.Headers["Content-Range"] = $"bytes {from}-{bytes.Length - 1}/{bytes.Length}";
            }
            context.Response.ContentLength64 = bytes.Length - from;
            context.Response.OutputStream.Write(bytes, from, bytes.Length - from);
            context.Response.Close();
        }
        else Status(404)(context);
    }

    static void Write(HttpListenerContext context, string json)
    {
        context.Response.ContentType = "application/json";
        context.Response.OutputStream.Write(Encoding.UTF8.GetBytes(json));
        context.Response.Close();
    }

    public void Dispose() => listener.Close();
}

/// <summary>A clock on which every wait is over at once, and has taken its time.</summary>
sealed class HastyClock : TimeProvider
{
    DateTimeOffset now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public TimeSpan Waited { get; private set; }

    public override DateTimeOffset GetUtcNow() => now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        (now, Waited) = (now + dueTime, Waited + dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
