using System.Runtime.CompilerServices;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>What a filter asks of one value. An absent value passes only where absence is asked for.</summary>
abstract record ValueTest
{
    private ValueTest() { }

    /// <summary>Whole numbers, days and concepts.</summary>
    public sealed record Whole(long Low, long High, bool Outside, int[]? Members, bool Always, bool IfAbsent, bool IfPresent) : ValueTest
    {
        public static Whole Range(Comparison comparison, long value, long extent) => comparison switch
        {
            Comparison.Less => new(long.MinValue, value - 1, false, null, false, false, false),
            Comparison.LessOrEqual => new(long.MinValue, value, false, null, false, false, false),
            Comparison.Equal => new(value, value, false, null, false, false, false),
            Comparison.NotEqual => new(value, value, true, null, false, false, false),
            Comparison.Greater => new(value + 1, long.MaxValue, false, null, false, false, false),
            Comparison.GreaterOrEqual => new(value, long.MaxValue, false, null, false, false, false),
            Comparison.Between => new(value, extent, false, null, false, false, false),
            _ => new(value, extent, true, null, false, false, false),
        };

        /// <param name="members">Ascending.</param>
        public static Whole Among(int[] members, bool excluded, bool listed) =>
            // "Not in nothing" holds even for an absent value when the set is one of the definition's.
            new(0, 0, excluded, members, excluded && members.Length == 0 && !listed, false, false);

        public static Whole Presence(bool absent) => new(0, 0, false, null, false, absent, !absent);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Holds(int value)
        {
            if (Always) return true;
            if (IfAbsent || IfPresent) return value == Null.Int32 == IfAbsent;
            if (value == Null.Int32) return false;
            if (Members is null) return (value >= Low && value <= High) != Outside;
            return (Members.Length > 0 && (Members.Length == 1 ? Members[0] == value : Array.BinarySearch(Members, value) >= 0)) != Outside;
        }
    }

    /// <summary>Real numbers from <paramref name="Low"/> to <paramref name="High"/>, or those outside. NaN stands for absent.</summary>
    public sealed record Real(double Low, double High, bool Outside) : ValueTest
    {
        public static Real Range(Comparison comparison, double value, double extent) => comparison switch
        {
            Comparison.Less => new(double.NegativeInfinity, Math.BitDecrement(value), false),
            Comparison.LessOrEqual => new(double.NegativeInfinity, value, false),
            Comparison.Equal => new(value, value, false),
            Comparison.NotEqual => new(value, value, true),
            Comparison.Greater => new(Math.BitIncrement(value), double.PositiveInfinity, false),
            Comparison.GreaterOrEqual => new(value, double.PositiveInfinity, false),
            Comparison.Between => new(value, extent, false),
            _ => new(value, extent, true),
        };

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Holds(double value) => Outside ? value < Low || value > High : value >= Low && value <= High;

        public bool Holds(int value) => value != Null.Int32 && Holds((double)value);
    }

    /// <param name="Pattern">Of SQL's LIKE.</param>
    public sealed record Like(string Pattern, bool Negated) : ValueTest
    {
        public bool Holds(string? value) => value is not null && Matches(value, Pattern) != Negated;

        /// <summary>Greedy with one point to come back to, so no pattern takes more than text times pattern.</summary>
        static bool Matches(ReadOnlySpan<char> text, ReadOnlySpan<char> pattern)
        {
            int t = 0, p = 0, star = -1, mark = 0;
            while (t < text.Length)
            {
                if (p < pattern.Length && pattern[p] == '%')
                {
                    star = p++;
                    mark = t;
                }
                else if (p < pattern.Length && (pattern[p] == '_' || pattern[p] == text[t]))
                {
                    t++;
                    p++;
                }
                else if (star >= 0)
                {
                    p = star + 1;
                    t = ++mark;
                }
                else
                {
                    return false;
                }
            }
            while (p < pattern.Length && pattern[p] == '%') p++;
            return p == pattern.Length;
        }
    }

    public sealed record Abnormal : ValueTest;
}
