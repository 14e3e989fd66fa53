using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace Ambroise.Sources.Fhir.Json;

/// <summary>A value of a <see cref="JsonTape"/>, or nothing: looking into nothing gives nothing.</summary>
readonly struct JsonNode(JsonTape? tape, int at)
{
    readonly JsonTape? tape = at < 0 ? null : tape;

    public bool Exists => tape is not null && tape.KindAt(at) != JsonTape.Kind.Null;

    public bool IsObject => tape?.KindAt(at) == JsonTape.Kind.Object;

    public bool IsArray => tape?.KindAt(at) == JsonTape.Kind.Array;

    /// <summary>The property of that name; of the first element where this is an array.</summary>
    public JsonNode this[ReadOnlySpan<byte> name]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => tape is null ? default : new(tape, tape.Find(at, name));
    }

    /// <summary>The value of a choice of types, which FHIR writes as <c>value[x]</c>.</summary>
    /// <param name="type">The type's name: <c>Quantity</c> of <c>valueQuantity</c>; empty where there is no value.</param>
    public JsonNode Choice(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> type)
    {
        type = default;
        return tape is null ? default : new(tape, tape.FindChoice(at, name, out type));
    }

    /// <summary>The first element of an array, or the value itself.</summary>
    public JsonNode First => tape is null || tape.KindAt(at) != JsonTape.Kind.Array ? this : tape.Next(at) > at + 1 ? new(tape, at + 1) : default;

    /// <summary>The elements of an array; of a value that is none, itself: many servers forget the brackets.</summary>
    public Elements Items => new(tape, at);

    /// <summary>An object's members that are not null; of anything else none.</summary>
    public ObjectMembers Members => new(tape, at);

    /// <summary>A string, a number, true or false.</summary>
    public bool IsScalar => Exists && !IsObject && !IsArray;

    /// <summary>A string's text without escapes, a number's or a boolean's digits and letters; empty for all else.</summary>
    public ReadOnlySpan<byte> Text => tape is null ? default : tape.TextAt(at);

    /// <summary>It or anything in it has a modifier extension.</summary>
    public bool IsModified => tape?.IsModified(at) == true;

    /// <summary>The bytes of the value as its source holds them.</summary>
    public ReadOnlyMemory<byte> Whole => tape is null ? default : tape.Whole(at);

    /// <summary>As <see cref="Whole"/>, for now; empty where there is nothing.</summary>
    public ReadOnlySpan<byte> Bytes => tape is null ? default : tape.BytesAt(at);

    public bool Is(ReadOnlySpan<byte> text) => Text.SequenceEqual(text);

    public bool IsTrue => tape?.KindAt(at) == JsonTape.Kind.True;

    public bool IsFalse => tape?.KindAt(at) == JsonTape.Kind.False;

    public bool TryNumber(out double number)
    {
        number = double.NaN;
        var text = Text;
        return text.Length > 0 && (JsonGrammar.TryShort(text, out number) || Utf8Parser.TryParse(text, out number, out var used) && used == text.Length && double.IsFinite(number));
    }

    public override string ToString() => System.Text.Encoding.UTF8.GetString(Text);

    public string? TextOrNull => Text is { Length: > 0 } text ? System.Text.Encoding.UTF8.GetString(text) : null;

    public readonly ref struct Member(ReadOnlySpan<byte> name, JsonNode value)
    {
        public ReadOnlySpan<byte> Name { get; } = name;

        public JsonNode Value => value;
    }

    public ref struct ObjectMembers
    {
        readonly JsonTape? tape;
        readonly int end;
        int next, current;

        public ObjectMembers(JsonTape? tape, int at)
        {
            this.tape = tape;
            if (tape?.KindAt(at) == JsonTape.Kind.Object) (next, end) = (at + 1, tape.Next(at));
        }

        public readonly ObjectMembers GetEnumerator() => this;

        public readonly Member Current => new(tape!.NameAt(current), new(tape, current));

        public bool MoveNext()
        {
            while (next < end)
            {
                current = next;
                next = tape!.Next(next);
                if (tape.KindAt(current) != JsonTape.Kind.Null) return true;
            }
            return false;
        }
    }

    public readonly ref struct Elements(JsonTape? tape, int at)
    {
        public Enumerator GetEnumerator() => new(tape, at);
    }

    public ref struct Enumerator
    {
        readonly JsonTape? tape;
        readonly int end;
        int next, current;

        public Enumerator(JsonTape? tape, int at)
        {
            this.tape = tape;
            if (tape is null) return;
            var array = tape.KindAt(at) == JsonTape.Kind.Array;
            (next, end) = array ? (at + 1, tape.Next(at)) : tape.KindAt(at) == JsonTape.Kind.Null ? (0, 0) : (at, at + 1);
        }

        public readonly JsonNode Current => new(tape, current);

        public bool MoveNext()
        {
            if (next >= end) return false;
            current = next;
            next = tape!.Next(next);
            return true;
        }
    }
}
