using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Ambroise.Governance.SignIn;

/// <summary>Time-based one-time codes: RFC 6238 with HMAC-SHA-1, six digits and steps of 30 seconds, which every authenticator application reads.</summary>
static class TimeCode
{
    /// <summary>RFC 4226, section 4: 160 bits are recommended.</summary>
    public const int SecretBytes = 20;

    const int StepSeconds = 30, Digits = 6;
    const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static long StepAt(DateTimeOffset now) => now.ToUnixTimeSeconds() / StepSeconds;

    public static string Of(ReadOnlySpan<byte> secret, long step, int digits = Digits)
    {
        Span<byte> counter = stackalloc byte[8], code = stackalloc byte[HMACSHA1.HashSizeInBytes];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // RFC 6238 as the applications speak it; HMAC does not rest on collisions being hard to find
        HMACSHA1.HashData(secret, counter, code);
#pragma warning restore CA5350
        var cut = BinaryPrimitives.ReadInt32BigEndian(code[(code[^1] & 0xf)..]) & int.MaxValue;
        return (cut % (long)Math.Pow(10, digits)).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    /// <returns>The step whose code it is, this one or one beside it for clocks that differ; null for a wrong code. Takes as long whichever.</returns>
    public static long? Step(ReadOnlySpan<byte> secret, string code, DateTimeOffset now)
    {
        var given = Encoding.UTF8.GetBytes(code);
        long? found = null;
        for (var step = StepAt(now) - 1; step <= StepAt(now) + 1; step++)
            if (CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes(Of(secret, step)))) found = step;
        return found;
    }

    /// <summary>What an application takes, as a QR code or typed in: the key URI format that Google Authenticator made common.</summary>
    public static string Uri(ReadOnlySpan<byte> secret, string tenant, string person) =>
        $"otpauth://totp/{System.Uri.EscapeDataString($"Ambroise {tenant}:{person}")}?secret={ToBase32(secret)}&issuer={System.Uri.EscapeDataString($"Ambroise {tenant}")}&algorithm=SHA1&digits={Digits}&period={StepSeconds}";

    /// <summary>RFC 4648, without padding.</summary>
    public static string ToBase32(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        var (held, bits) = (0, 0);
        foreach (var b in bytes)
        {
            (held, bits) = (held << 8 | b, bits + 8);
            for (; bits >= 5; bits -= 5) text.Append(Base32[held >> (bits - 5) & 31]);
            held &= (1 << bits) - 1;
        }
        if (bits > 0) text.Append(Base32[held << (5 - bits) & 31]);
        return text.ToString();
    }
}
