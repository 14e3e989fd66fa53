using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Ambroise.Sources.Fhir.Json;

/// <summary>One JSON document as a tape of values over its bytes, used again for the next one: no object per value, and no byte of a string is looked at before it is asked for.</summary>
sealed class JsonTape
{
    /// <summary>FHIR nests some ten levels; beyond this a document is refused.</summary>
    public const int MaxDepth = 64;

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

    /// <summary>Extensions that may turn round the meaning of what they stand in (FHIR R4, section 2.4.2).</summary>
    static ReadOnlySpan<byte> Modifiers => "modifierExtension"u8;

    /// <summary>The document read last may have some; those that have none, nearly all, are not looked through for them.</summary>
    internal bool HasModifiers { get; private set; }

    bool hasEscapedNames;

    /// <returns>Whether a value has a modifier extension, or anything in it.</returns>
    internal bool IsModified(int at)
    {
        for (int inner = at + 1, end = values[at].Next; HasModifiers && inner < end; inner++)
            if (values[inner].Name == Tag(Modifiers) && NameAt(inner).SequenceEqual(Modifiers)) return true;
        return false;
    }

    /// <returns>Null, or why the bytes are not one JSON object: <c>utf8-invalid</c>, <c>json-invalid</c>, <c>json-too-deep</c>, <c>json-not-object</c>;
    /// or <c>json-name-escaped</c>: names are compared as they are written, and no name of FHIR needs a backslash.</returns>
    public string? Read(ReadOnlyMemory<byte> utf8)
    {
        bytes = MemoryMarshal.TryGetArray(utf8, out var array) ? array : utf8.ToArray();
        count = 0;
        ReadOnlySpan<byte> text = bytes;
        var whole = marks.Find(text);
        if (!marks.IsAscii && !Utf8.IsValid(text)) return "utf8-invalid";
        return whole && TryBuild(text) ? hasEscapedNames ? "json-name-escaped" : null : JsonGrammar.Reason(text, MaxDepth);
    }

    /// <summary>Walks from mark to mark: what stands between two is blank, a colon or comma where one must be, or a number or literal where one may be.</summary>
    /// <remarks>What is looked at for every value is in variables that a processor has registers for, and goes to the tape when an object or array begins or ends.</remarks>
    bool TryBuild(ReadOnlySpan<byte> text)
    {
        // Strings, objects and arrays have marks of their own; for numbers and literals room is made as they come.
        if (values.Length <= marks.Count) values = new Value[2 * marks.Count];
        ref var at = ref MemoryMarshal.GetArrayDataReference(marks.At);
        ref var last = ref Unsafe.Add(ref at, marks.Count);
        ref var tape = ref MemoryMarshal.GetArrayDataReference(values);
        ref var value = ref tape;
        int depth = 0, next = 0, end = 0, room = values.Length - marks.Count;
        ulong names = 0;
        bool isObject = false, hasEscapes = marks.HasEscapes, hasModifiers = false;
        hasEscapedNames = false;
        if (marks.Count == 0 || text[at] != '{' || !Blank(text, 0, at)) return false;
        (value.NameStart, value.Name, end) = (0, 0, at);
        int mark;
    Value:
        // A value, the one after those on the tape: its name was read, if it has one.
        if (!Unsafe.IsAddressLessThan(ref at, ref last)) return false;
        mark = at;
        if (mark != end && (end = Start(text, end, mark)) != mark)
        {
            var to = ScalarEnd(text, end, mark);
            if (JsonGrammar.Scalar(text[end..to]) is not { } kind) return false;
            (value.Start, value.Length, value.Kind) = (end, to - end, kind);
            value.Next = ++next;
            if (--room == 0)
            {
                Array.Resize(ref values, 2 * values.Length);
                room = values.Length / 2;
                tape = ref MemoryMarshal.GetArrayDataReference(values);
            }
            value = ref Unsafe.Add(ref tape, next);
            end = to;
            goto After;
        }
        switch (text[mark])
        {
            case (byte)'"':
                end = Unsafe.Add(ref at, 1);
                (value.Start, value.Length) = (mark + 1, end - mark - 1);
                value.Kind = Kind.Text;
                if (hasEscapes && text[(mark + 1)..end].Contains((byte)'\\'))
                {
                    if (!JsonGrammar.AreEscapes(text[(mark + 1)..end])) return false;
                    value.Kind = Kind.EscapedText;
                }
                value.Next = ++next;
                value = ref Unsafe.Add(ref value, 1);
                at = ref Unsafe.Add(ref at, 2);
                end++;
                goto After;
            case (byte)'{' or (byte)'[':
                if (depth == MaxDepth) return false;
                if (depth > 0) Unsafe.Add(ref tape, open[depth - 1]).Names = names;
                (names, isObject) = (0, text[mark] == '{');
                value.Start = mark;
                value.Kind = isObject ? Kind.Object : Kind.Array;
                open[depth++] = next++;
                value = ref Unsafe.Add(ref value, 1);
                at = ref Unsafe.Add(ref at, 1);
                end = mark + 1;
                if (!Unsafe.IsAddressLessThan(ref at, ref last)) return false;
                mark = at;
                if (text[mark] == (isObject ? '}' : ']') && Blank(text, end, mark))
                {
                    at = ref Unsafe.Add(ref at, 1);
                    goto Close; // nothing in it
                }
                if (isObject) goto Name;
                (value.NameStart, value.Name) = (0, 0);
                goto Value;
            default:
                return false; // something ends where a value should be
        }
    Name:
        if (!Unsafe.IsAddressLessThan(ref Unsafe.Add(ref at, 2), ref last)) return false;
        mark = at;
        if (text[mark] != '"' || mark != end && !Blank(text, end, mark)) return false;
        end = Unsafe.Add(ref at, 1);
        var tag = Tag(text[(mark + 1)..end]);
        names |= Bit(tag);
        hasModifiers |= tag == Tag(Modifiers);
        (value.NameStart, value.Name) = (mark + 1, tag);
        if (hasEscapes && text[(mark + 1)..end].Contains((byte)'\\'))
        {
            if (!JsonGrammar.AreEscapes(text[(mark + 1)..end])) return false;
            hasEscapedNames = true;
        }
        at = ref Unsafe.Add(ref at, 2);
        if (text[++end] != ':' && text[end = Start(text, end, at)] != ':') return false;
        end++;
        goto Value;
    After:
        if (!Unsafe.IsAddressLessThan(ref at, ref last)) return false;
        mark = at;
        if (text[end] != ',' && end != mark) end = Start(text, end, mark);
        if (text[end] == ',')
        {
            end++;
            if (isObject) goto Name;
            (value.NameStart, value.Name) = (0, 0);
            goto Value;
        }
        if (end != mark || text[mark] != (isObject ? '}' : ']')) return false;
        at = ref Unsafe.Add(ref at, 1);
    Close:
        end = mark + 1;
        ref var closed = ref Unsafe.Add(ref tape, open[--depth]);
        (closed.Length, closed.Next, closed.Names) = (end - closed.Start, next, names);
        if (depth > 0)
        {
            ref var around = ref Unsafe.Add(ref tape, open[depth - 1]);
            (names, isObject) = (around.Names, around.Kind == Kind.Object);
            goto After;
        }
        (count, HasModifiers) = (next, hasModifiers);
        return Unsafe.AreSame(ref at, ref last) && Blank(text, end, text.Length);
    }

    static bool Blank(ReadOnlySpan<byte> text, int from, int to)
    {
        if (from >= to) return from == to;
        return JsonGrammar.AreBlanks(text[from..to]);
    }

    /// <returns>The first place that is not blank, no further than the next mark.</returns>
    static int Start(ReadOnlySpan<byte> text, int from, int mark)
    {
        while (from < mark && JsonGrammar.IsBlank(text[from])) from++;
        return from;
    }

    /// <returns>Where a number or literal ends: at a comma, a blank or the next mark.</returns>
    static int ScalarEnd(ReadOnlySpan<byte> text, int from, int mark)
    {
        while (from < mark && text[from] != ',' && !JsonGrammar.IsBlank(text[from])) from++;
        return from;
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
    internal ReadOnlySpan<byte> TextAt(int at)
    {
        ref var value = ref values[at];
        if (value.Kind == Kind.Text) return bytes.AsSpan(value.Start, value.Length);
        return value.Kind switch
        {
            Kind.EscapedText => Unescaped(at),
            Kind.Object or Kind.Array or Kind.Null => default,
            _ => bytes.AsSpan(value.Start, value.Length),
        };
    }

    internal ReadOnlySpan<byte> NameAt(int at) => bytes.AsSpan(values[at].NameStart, (int)(values[at].Name >> 16));
    internal ReadOnlySpan<byte> BytesAt(int at) => bytes.AsSpan(values[at].Start, values[at].Length);
    internal ReadOnlyMemory<byte> Whole(int at) => bytes.AsMemory(values[at].Start, values[at].Length);

    /// <returns>The first value of that name in an object, or in the first element of an array; else -1.</returns>
    /// <remarks>Most names that are looked for are not there: that is found out where it is asked, with the tag of a name known when the program is built.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Find(int parent, ReadOnlySpan<byte> name)
    {
        var tag = Tag(name);
        ref var around = ref values[parent];
        return around.Kind == Kind.Array || (around.Names & Bit(tag)) != 0 ? Find(parent, name, tag) : -1;
    }

    int Find(int parent, ReadOnlySpan<byte> name, uint tag)
    {
        var all = values;
        while (all[parent].Kind == Kind.Array)
            if (all[parent].Next == ++parent) return -1;
        if (all[parent].Kind != Kind.Object || (all[parent].Names & Bit(tag)) == 0) return -1;
        for (int at = parent + 1, end = all[parent].Next; at < end; at = all[at].Next)
            if (all[at].Name == tag && Same(bytes.AsSpan(all[at].NameStart, name.Length), name)) return at;
        return -1;
    }

    /// <summary>Whether two names of one tag are the same. Nearly all have no more than sixteen letters: a call would take longer than to look at them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool Same(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => other.Length switch
    {
        1 or 2 => true,
        3 => one[1] == other[1],
        > 3 and <= 8 => MemoryMarshal.Read<uint>(one) == MemoryMarshal.Read<uint>(other) && MemoryMarshal.Read<uint>(one[^4..]) == MemoryMarshal.Read<uint>(other[^4..]),
        > 8 and <= 16 => MemoryMarshal.Read<ulong>(one) == MemoryMarshal.Read<ulong>(other) && MemoryMarshal.Read<ulong>(one[^8..]) == MemoryMarshal.Read<ulong>(other[^8..]),
        _ => one.SequenceEqual(other),
    };

    /// <returns>The first value that is not null of an object whose name is <paramref name="name"/> and a type's, which begins with a capital; else -1.</returns>
    internal int FindChoice(int parent, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> type)
    {
        type = default;
        var all = values;
        if (all[parent].Kind != Kind.Object) return -1;
        for (int at = parent + 1, end = all[parent].Next; at < end; at = all[at].Next)
        {
            if ((byte)(all[at].Name >> 8) != name[0] || all[at].Name >> 16 <= name.Length || all[at].Kind == Kind.Null) continue;
            var whole = NameAt(at);
            if (!whole.StartsWith(name) || !char.IsAsciiLetterUpper((char)whole[name.Length])) continue;
            type = whole[name.Length..];
            return at;
        }
        return -1;
    }

    internal byte[] Unescaped(int at)
    {
        ref var value = ref values[at];
        var reader = new Utf8JsonReader(JsonGrammar.Paired(bytes.AsSpan(value.Start - 1, value.Length + 2)));
        reader.Read();
        var text = new byte[value.Length];
        return text[..reader.CopyString(text)];
    }
}
