using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Ambroise.Sources.Fhir.Json;

/// <summary>One JSON document as a tape of values over its bytes, used again for the next one: no object per value, and no byte of a string is looked at before it is asked for.</summary>
sealed class JsonTape
{
    /// <summary>FHIR nests some ten levels; beyond this a document is refused.</summary>
    const int MaxDepth = 64;

    internal enum Kind : byte { Object, Array, Text, EscapedText, Number, True, False, Null }

    /// <summary>A value.</summary>
    struct Value
    {
        public int Start, Length;

        /// <summary>The value after this one and all in it.</summary>
        public int Next;

        /// <summary>Where its name is, for a value of an object.</summary>
        public int NameStart;

        /// <summary>See <see cref="Tag"/>.</summary>
        public uint Name;

        public Kind Kind;

        /// <summary>Of an object, a bit for each name in it: most names that are looked for are not there.</summary>
        public ulong Names;
    }

    readonly JsonMarks marks = new();
    readonly int[] open = new int[MaxDepth];
    Value[] values = new Value[1024];
    int count;

    /// <summary>The bytes read last. An array's: to ask a <see cref="ReadOnlyMemory{T}"/> for its span takes longer than most of what is then done with it.</summary>
    ArraySegment<byte> bytes;

    /// <returns>Null, or why the bytes are not one JSON object: <c>utf8-invalid</c>, <c>json-invalid</c>, <c>json-too-deep</c>, <c>json-not-object</c>.</returns>
    public string? Read(ReadOnlyMemory<byte> utf8)
    {
        bytes = MemoryMarshal.TryGetArray(utf8, out var array) ? array : utf8.ToArray();
        count = 0;
        ReadOnlySpan<byte> text = bytes;
        var whole = marks.Find(text);
        if (!marks.IsAscii && !Utf8.IsValid(text)) return "utf8-invalid";
        return whole && TryBuild(text) ? null : JsonGrammar.Reason(text, MaxDepth);
    }

    /// <summary>Walks from mark to mark: what stands between two is blank, or a number or literal where one may be.</summary>
    bool TryBuild(ReadOnlySpan<byte> text)
    {
        ref var at = ref MemoryMarshal.GetArrayDataReference(marks.At);
        ref var tape = ref MemoryMarshal.GetArrayDataReference(values);
        int left = marks.Count, depth = 0, next = 0, end = 0, nameStart = 0;
        uint name = 0;
        if (left == 0 || text[at] != '{' || !Blank(text, 0, at)) return false;
        int mark;
    Value:
        // A value: its name, if it has one, was read.
        if (left-- <= 0) return false;
        mark = at;
        if (next == values.Length)
        {
            Array.Resize(ref values, 2 * values.Length);
            tape = ref MemoryMarshal.GetArrayDataReference(values);
        }
        ref var value = ref Unsafe.Add(ref tape, next);
        (value.NameStart, value.Name) = (nameStart, name);
        switch (text[mark])
        {
            case (byte)'"':
                if (mark != end && !Blank(text, end, mark)) return false;
                var close = Unsafe.Add(ref at, 1);
                (value.Start, value.Length) = (mark + 1, close - mark - 1);
                value.Kind = Kind.Text;
                if (marks.HasEscapes && text.Slice(value.Start, value.Length).Contains((byte)'\\'))
                {
                    if (!JsonGrammar.AreEscapes(text.Slice(value.Start, value.Length))) return false;
                    value.Kind = Kind.EscapedText;
                }
                value.Next = ++next;
                at = ref Unsafe.Add(ref at, 2);
                left--;
                end = close + 1;
                goto After;
            case (byte)'{' or (byte)'[':
                if (mark != end && !Blank(text, end, mark) || depth == MaxDepth) return false;
                (value.Start, value.Names) = (mark, 0);
                value.Kind = text[mark] == '{' ? Kind.Object : Kind.Array;
                open[depth++] = next++;
                at = ref Unsafe.Add(ref at, 1);
                end = mark + 1;
                // Nothing in it?
                if (left <= 0) return false;
                if (text[at] == (value.Kind == Kind.Object ? '}' : ']') && Blank(text, end, at)) goto Close;
                if (value.Kind == Kind.Object) goto Name;
                (nameStart, name) = (0, 0);
                goto Value;
            default:
                if (JsonGrammar.Scalar(Trimmed(text, end, mark, out value.Start)) is not { } kind) return false;
                value.Length = TrimmedEnd(text, value.Start, mark) - value.Start;
                value.Kind = kind;
                value.Next = ++next;
                end = mark;
                left++;
                goto After;
        }
    Name:
        if (left <= 0 || text[at] != '"' || !Blank(text, end, at)) return false;
        nameStart = at + 1;
        mark = Unsafe.Add(ref at, 1);
        name = Tag(text[nameStart..mark]);
        Unsafe.Add(ref tape, open[depth - 1]).Names |= Bit(name);
        if (marks.HasEscapes && !JsonGrammar.AreEscapes(text[nameStart..mark])) return false;
        if ((left -= 3) < 0) return false;
        end = Unsafe.Add(ref at, 2);
        if (text[end] != ':' || !Blank(text, mark + 1, end)) return false;
        end++;
        at = ref Unsafe.Add(ref at, 3);
        goto Value;
    After:
        if (left <= 0) return false;
        mark = at;
        if (mark != end && !Blank(text, end, mark)) return false;
        var isObject = Unsafe.Add(ref tape, open[depth - 1]).Kind == Kind.Object;
        if (text[mark] == ',')
        {
            at = ref Unsafe.Add(ref at, 1);
            left--;
            end = mark + 1;
            if (isObject) goto Name;
            (nameStart, name) = (0, 0);
            goto Value;
        }
        if (text[mark] != (isObject ? '}' : ']')) return false;
    Close:
        end = at + 1;
        at = ref Unsafe.Add(ref at, 1);
        left--;
        ref var closed = ref Unsafe.Add(ref tape, open[--depth]);
        (closed.Length, closed.Next) = (end - closed.Start, next);
        if (depth > 0) goto After;
        count = next;
        return left == 0 && Blank(text, end, text.Length);
    }

    static bool Blank(ReadOnlySpan<byte> text, int from, int to)
    {
        if (from >= to) return from == to;
        return JsonGrammar.AreBlanks(text[from..to]);
    }

    static ReadOnlySpan<byte> Trimmed(ReadOnlySpan<byte> text, int from, int to, out int start)
    {
        while (from < to && JsonGrammar.IsBlank(text[from])) from++;
        start = from;
        return text[from..TrimmedEnd(text, from, to)];
    }

    static int TrimmedEnd(ReadOnlySpan<byte> text, int from, int to)
    {
        while (to > from && JsonGrammar.IsBlank(text[to - 1])) to--;
        return to;
    }

    /// <summary>Tells most names apart without looking at them: length, first and last letter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint Tag(ReadOnlySpan<byte> name) => name.Length is 0 or > ushort.MaxValue ? 0 : (uint)name.Length << 16 | (uint)name[0] << 8 | name[^1];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Bit(uint tag) => 1UL << (int)(tag * 0x9E3779B1 >> 26);

    public JsonNode Root => new(this, 0);

    /// <summary>Values of the document read last.</summary>
    internal int Count => count;

    internal Kind KindAt(int at) => values[at].Kind;
    internal int Next(int at) => values[at].Next;
    internal ReadOnlySpan<byte> Raw(int at) => bytes.AsSpan(values[at].Start, values[at].Length);
    internal ReadOnlySpan<byte> NameAt(int at) => bytes.AsSpan(values[at].NameStart, (int)(values[at].Name >> 16));
    internal ReadOnlyMemory<byte> Whole(int at) => bytes.AsMemory(values[at].Start, values[at].Length);

    /// <returns>The first value of that name in an object, or in the first element of an array; else -1.</returns>
    internal int Find(int parent, ReadOnlySpan<byte> name)
    {
        var all = values;
        while (all[parent].Kind == Kind.Array)
            if (all[parent].Next == ++parent) return -1;
        var tag = Tag(name);
        if (all[parent].Kind != Kind.Object || (all[parent].Names & Bit(tag)) == 0) return -1;
        for (int at = parent + 1, end = all[parent].Next; at < end; at = all[at].Next)
            if (all[at].Name == tag && bytes.AsSpan(all[at].NameStart, name.Length).SequenceEqual(name)) return at;
        return -1;
    }

    internal byte[] Unescaped(int at)
    {
        ref var value = ref values[at];
        var reader = new Utf8JsonReader(bytes.AsSpan(value.Start - 1, value.Length + 2));
        reader.Read();
        var text = new byte[value.Length];
        try
        {
            return text[..reader.CopyString(text)];
        }
        catch (InvalidOperationException)
        {
            return []; // half of a surrogate pair: no text
        }
    }
}
