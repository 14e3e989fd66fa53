using System.Text;
using Ambroise.Governance.SignIn;

namespace Ambroise.Tests.Governance.SignIn;

public sealed class TimeCodeSpecs
{
    static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");

    /// <summary>RFC 6238, appendix B, the rows of SHA-1: eight digits there, of which an authenticator shows the last six.</summary>
    [Theory]
    [InlineData(59L, "94287082")]
    [InlineData(1111111109L, "07081804")]
    [InlineData(1111111111L, "14050471")]
    [InlineData(1234567890L, "89005924")]
    [InlineData(2000000000L, "69279037")]
    [InlineData(20000000000L, "65353130")]
    public void Codes_are_those_of_the_standard(long seconds, string code)
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(seconds);
        Assert.Equal(code, TimeCode.Of(Secret, TimeCode.StepAt(at), 8));
        Assert.Equal(code[2..], TimeCode.Of(Secret, TimeCode.StepAt(at)));
        Assert.Equal(TimeCode.StepAt(at), TimeCode.Step(Secret, code[2..], at));
    }

    [Fact]
    public void A_code_holds_a_step_before_and_after_and_no_longer()
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(1234567890);
        foreach (var (seconds, holds) in new[] { (-60, false), (-30, true), (0, true), (30, true), (60, false) })
            Assert.Equal(holds, TimeCode.Step(Secret, "005924", at.AddSeconds(seconds)) is not null);
        foreach (var wrong in new[] { "", "5924", "005925", "0005924", "89005924", "٠٠٥٩٢٤" }) Assert.Null(TimeCode.Step(Secret, wrong, at));
    }

    /// <summary>RFC 4648, section 10, without the padding.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Secrets_are_written_in_base_32(string text, string written) => Assert.Equal(written, TimeCode.ToBase32(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void An_authenticator_is_given_all_it_needs() =>
        Assert.Equal("otpauth://totp/Ambroise%20chu%3Amarie%40x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ambroise%20chu&algorithm=SHA1&digits=6&period=30", TimeCode.Uri(Secret, "chu", "marie@x"));
}
