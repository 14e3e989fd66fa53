using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ambroise.Vault.Custody;
using Ambroise.Vault.Files;

namespace Ambroise.Sources.Fhir.Export;

/// <param name="Index">Its place in the manifest.</param>
/// <param name="Bytes">As they came over the line.</param>
/// <param name="Packed">Whether they are gzip.</param>
/// <param name="Short">Resources that the server says it holds and it does not; 0 for none.</param>
sealed record FetchedFile(int Index, long Bytes, bool Packed, long Short);

/// <param name="Id">Random: seals of one job's files open in no other.</param>
/// <param name="Since">What it asked for changes since; null for everything.</param>
/// <param name="Manifest">Null while the server is still at it.</param>
sealed record ExportJob(string Id, string? Since, string StatusUrl, ExportManifest? Manifest, IReadOnlyList<FetchedFile> Fetched);

/// <param name="LastTransactionTime">Up to when every change became a release: of the last export of this name with nothing missing, in it or before it; null for none.</param>
/// <param name="Job">The export under way; null for none.</param>
sealed record ExportState(int Format, string? LastTransactionTime, ExportJob? Job);

/// <summary>Where an export lies in its tenant until it is loaded, and what the next needs to know: all of it sealed, its address and times too.</summary>
/// <remarks>docs/formats/export.md. One folder for each address, level and set of types, named by a keyed hash of them.</remarks>
sealed class ExportFolder : IDisposable
{
    const int Format = 1;

    readonly string path;
    readonly ReadOnlyMemory<byte> key;
    readonly FileStream held;

    ExportFolder(string path, ReadOnlyMemory<byte> key, FileStream held) => (this.path, this.key, this.held, State) = (path, key, held, new(Format, null, null));

    public ExportState State { get; private set; }

    /// <param name="exports">The tenant's folder of exports; made where it is not there.</param>
    /// <param name="key">32 bytes, of the tenant.</param>
    /// <param name="anew">Forgets an export under way.</param>
    /// <returns>The folder, held until disposed of; or <c>export.busy</c>, <c>export.tampered</c>.</returns>
    public static Result<ExportFolder> Open(string exports, ReadOnlyMemory<byte> key, ExportRequest asked, bool anew)
    {
        var path = Path.Combine(exports, Convert.ToHexStringLower(HMACSHA256.HashData(key.Span, Encoding.UTF8.GetBytes(asked.Name)))[..24]);
        DurableFile.CreateFolder(path);
        FileStream held;
        try
        {
            held = DurableFile.OpenOwnerOnly(Path.Combine(path, "lock"), FileMode.OpenOrCreate);
        }
        catch (IOException)
        {
            return new Failure(FailureKind.Conflict, "export.busy", $"Another command fetches from {asked.Shown} for this tenant: wait for its end.");
        }
        var folder = new ExportFolder(path, key, held);
        if (folder.ReadState() is { } failure)
        {
            folder.Dispose();
            return failure;
        }
        if (anew && folder.State.Job is not null) folder.Forget();
        return folder;
    }

    string StatePath => Path.Combine(path, "state.sealed");

    byte[] Context => Encoding.UTF8.GetBytes($"ambroise export state\n{Path.GetFileName(path)}");

    Failure? ReadState()
    {
        if (!File.Exists(StatePath)) return null;
        try
        {
            if (Sealed.Open(key.Span, File.ReadAllBytes(StatePath), Context) is { } bytes && JsonSerializer.Deserialize(bytes, ExportStateJson.Default.ExportState) is { Format: Format } read)
            {
                State = read;
                return null;
            }
        }
        catch (JsonException)
        {
            // Told like any other damage.
        }
        return new Failure(FailureKind.Tampered, "export.tampered", $"{StatePath} is not what was written there: restore it, or delete its folder and ask for everything again.");
    }

    public void Write(ExportState state)
    {
        DurableFile.Replace(StatePath, Sealed.Seal(key.Span, JsonSerializer.SerializeToUtf8Bytes(state, ExportStateJson.Default.ExportState), Context));
        State = state;
    }

    public void Write(ExportJob job) => Write(State with { Job = job });

    /// <summary>Drops the export under way with all that was fetched.</summary>
    public void Forget()
    {
        Write(State with { Job = null });
        DeleteFiles();
    }

    /// <summary>What was fetched is loaded: it goes, and the next increment starts where it ended, unless that left a gap.</summary>
    /// <param name="whole">Whether all came that was asked for.</param>
    public void Loaded(bool whole)
    {
        var job = State.Job!;
        Write(State with { Job = null, LastTransactionTime = whole && LeavesNoGap(job.Since) ? job.Manifest!.TransactionTime : State.LastTransactionTime });
        DeleteFiles();
    }

    /// <summary>Changes since a later time than the last export's leave out what changed in between.</summary>
    bool LeavesNoGap(string? since) => since is null || State.LastTransactionTime is { } last && ExportRequest.Instant(since) <= ExportRequest.Instant(last);

    void DeleteFiles()
    {
        foreach (var file in Directory.EnumerateFiles(path, "*.spool")) File.Delete(file);
    }

    public SealedSpool Spool(int index) => new(FileOf(index), key, NameOf(index));

    public Stream OpenSpool(FetchedFile fetched) => SealedSpool.Open(FileOf(fetched.Index), key, NameOf(fetched.Index), fetched.Bytes);

    string FileOf(int index) => Path.Combine(path, $"{index + 1:D6}.spool");

    string NameOf(int index) => $"{State.Job!.Id}\n{index}";

    public void Dispose() => held.Dispose();
}

[JsonSerializable(typeof(ExportState))]
sealed partial class ExportStateJson : JsonSerializerContext;
