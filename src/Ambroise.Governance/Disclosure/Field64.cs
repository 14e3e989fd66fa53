using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ambroise.Governance.Disclosure;

/// <summary>Arithmetic in GF(2^64) modulo x^64 + x^4 + x^3 + x + 1. Addition is exclusive or.</summary>
static class Field64
{
    const ulong Low = 0b11011;

    public static ulong Multiply(ulong a, ulong b)
    {
        if (!Pclmulqdq.IsSupported) return Plain(a, b);
        var product = Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(a), Vector128.CreateScalar(b), 0);
        var folded = Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(product[1]), Vector128.CreateScalar(Low), 0);
        // What is left above bit 63 has at most four bits: its own fold stays below.
        return product[0] ^ folded[0] ^ Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(folded[1]), Vector128.CreateScalar(Low), 0)[0];
    }

    /// <summary>The same bit by bit, where the processor has no carry-less multiplication.</summary>
    public static ulong Plain(ulong a, ulong b)
    {
        ulong sum = 0;
        for (; b != 0; b >>= 1)
        {
            if ((b & 1) != 0) sum ^= a;
            a = (a << 1) ^ ((a >> 63) * Low);
        }
        return sum;
    }

    /// <param name="a">Not 0.</param>
    public static ulong Inverse(ulong a)
    {
        // a^(2^64 - 2): the product of a^(2^k) for k from 1 to 63.
        ulong product = 1;
        for (var k = 1; k < 64; k++)
        {
            a = Multiply(a, a);
            product = Multiply(product, a);
        }
        return product;
    }
}
