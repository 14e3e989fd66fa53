using Ambroise.Governance.Disclosure;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Governance.Disclosure;

public sealed class SetSketchSpecs
{
    [Fact]
    public void Multiplication_with_and_without_the_processor_s_help_agree_and_an_inverse_is_one()
    {
        for (ulong i = 1; i < 2000; i++)
        {
            var (a, b) = (i * 0x9E3779B97F4A7C15, (i + 7) * 0xBF58476D1CE4E5B9);
            Assert.Equal(Field64.Plain(a, b), Field64.Multiply(a, b));
            Assert.Equal(1UL, Field64.Multiply(a, Field64.Inverse(a)));
        }
    }

    [Fact]
    public void Tells_exactly_by_how_many_patients_two_sets_differ_up_to_its_capacity()
    {
        var key = new byte[32];
        var dice = new Dice(5);
        for (var round = 0; round < 300; round++)
        {
            var common = Enumerable.Range(0, dice.Of(0, 300)).Select(i => (long)i).ToList();
            var (left, right) = (dice.Of(0, 14), dice.Of(0, 14));
            var a = common.Concat(Enumerable.Range(1000, left).Select(i => (long)i));
            var b = common.Concat(Enumerable.Range(2000, right).Select(i => (long)i)).Reverse();
            int? expected = left + right <= SetSketch.Capacity ? left + right : null;
            Assert.Equal(expected, PatientSet.Of(key, a).Sketch.Difference(PatientSet.Of(key, b).Sketch));
        }
    }

    [Fact]
    public void A_set_is_the_same_whatever_the_order_and_survives_its_bytes()
    {
        var key = new byte[32];
        var set = PatientSet.Of(key, Enumerable.Range(0, 9000).Select(i => (long)i * 37));
        var again = PatientSet.Of(key, Enumerable.Range(0, 9000).Reverse().Select(i => (long)i * 37));
        Assert.Equal(set.ToBytes(), again.ToBytes());
        Assert.Equal(0, set.Sketch.Difference(SetSketch.Read(again.ToBytes().AsSpan(8))));
    }
}
