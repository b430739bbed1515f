using System.Buffers.Binary;
using System.Text;

namespace VibeVoice.Checkpoints.Torch;

/// <summary>
/// Reads the pickle of a voice preset without running anything: a stack machine that knows a handful of instructions
/// and seven names, and refuses the rest. (Python's own reader calls whatever function the file names.)
/// </summary>
/// <remarks>
/// Every instruction adds at most a constant to the stack, so time and memory are bounded by the size of the file;
/// nothing recurses, and references in circles are only references. Opcodes are those of pickle protocol 2:
/// https://github.com/python/cpython/blob/3.13/Lib/pickletools.py.
/// </remarks>
internal sealed partial class PickleReader
{
    private readonly string _path;
    private readonly byte[] _bytes;
    private readonly Stack<object?> _stack = new();
    private readonly Dictionary<uint, object?> _memo = [];
    private int _position;

    private PickleReader(string path, byte[] bytes)
    {
        _path = path;
        _bytes = bytes;
    }

    /// <summary>The value that the pickle builds.</summary>
    /// <exception cref="ModelFormatException">It is broken, or names or does something that no preset needs.</exception>
    public static object? Read(string path, byte[] bytes) => new PickleReader(path, bytes).Run();

    private object? Run()
    {
        while (true)
        {
            var start = _position;
            var opcode = Take(1)[0];
            switch (opcode)
            {
                case 0x80: // PROTO
                    if (Take(1)[0] is var protocol && protocol != 2)
                    {
                        throw Broken($"is of protocol {protocol}, but protocol 2 is expected");
                    }

                    break;
                case (byte)'.': // STOP
                    return Pop();
                case (byte)'(': // MARK
                    _stack.Push(PickleMark.Instance);
                    break;
                case (byte)'0': // POP
                    _stack.TryPop(out _);
                    break;
                case (byte)'1': // POP_MARK
                    PopToMark();
                    break;
                case (byte)'2': // DUP
                    _stack.Push(Peek<object>());
                    break;
                case (byte)'N': // NONE
                    _stack.Push(null);
                    break;
                case 0x88: // NEWTRUE
                    _stack.Push(true);
                    break;
                case 0x89: // NEWFALSE
                    _stack.Push(false);
                    break;
                case (byte)'J': // BININT
                    _stack.Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                    break;
                case (byte)'K': // BININT1
                    _stack.Push((long)Take(1)[0]);
                    break;
                case (byte)'M': // BININT2
                    _stack.Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                    break;
                case 0x8a: // LONG1
                    _stack.Push(ReadLong(Take(Take(1)[0])));
                    break;
                case (byte)'G': // BINFLOAT
                    _stack.Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                    break;
                case (byte)'X': // BINUNICODE
                    _stack.Push(ReadText(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))));
                    break;
                case (byte)'U': // SHORT_BINSTRING
                    _stack.Push(ReadText(Take(Take(1)[0])));
                    break;
                case (byte)')': // EMPTY_TUPLE
                    _stack.Push(new PickleTuple([]));
                    break;
                case 0x85: // TUPLE1
                case 0x86: // TUPLE2
                case 0x87: // TUPLE3
                    PushTuple(opcode - 0x84);
                    break;
                case (byte)'t': // TUPLE
                    _stack.Push(new PickleTuple(PopToMark()));
                    break;
                case (byte)']': // EMPTY_LIST
                    _stack.Push(new PickleList([]));
                    break;
                case (byte)'l': // LIST
                    _stack.Push(new PickleList([.. PopToMark()]));
                    break;
                case (byte)'a': // APPEND
                    var item = Pop();
                    Peek<PickleList>().Items.Add(item);
                    break;
                case (byte)'e': // APPENDS
                    var items = PopToMark();
                    Peek<PickleList>().Items.AddRange(items);
                    break;
                case (byte)'}': // EMPTY_DICT
                    _stack.Push(new PickleObject(null, []));
                    break;
                case (byte)'s': // SETITEM
                    var value = Pop();
                    SetItems([Pop(), value]);
                    break;
                case (byte)'u': // SETITEMS
                    SetItems(PopToMark());
                    break;
                case (byte)'q': // BINPUT
                    _memo[Take(1)[0]] = Peek<object>();
                    break;
                case (byte)'r': // LONG_BINPUT
                    _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek<object>();
                    break;
                case (byte)'h': // BINGET
                    Recall(Take(1)[0]);
                    break;
                case (byte)'j': // LONG_BINGET
                    Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                    break;
                case (byte)'c': // GLOBAL
                    _stack.Push(FindGlobal(ReadLine(), ReadLine()));
                    break;
                case (byte)'Q': // BINPERSID
                    _stack.Push(MakeStorage(Pop<PickleTuple>().Items));
                    break;
                case (byte)'R': // REDUCE
                case 0x81: // NEWOBJ
                    var arguments = Pop<PickleTuple>().Items;
                    _stack.Push(Make(Pop<PickleGlobal>(), arguments));
                    break;
                case (byte)'b': // BUILD
                    Build(Pop());
                    break;
                default:
                    throw Broken($"has the instruction 0x{opcode:x2} at byte {start:N0}, which no voice preset needs");
            }
        }
    }

    private void PushTuple(int count)
    {
        var items = new object?[count];
        for (var i = count - 1; i >= 0; i--)
        {
            items[i] = Pop();
        }

        _stack.Push(new PickleTuple(items));
    }

    private void Recall(uint index) =>
        _stack.Push(
            _memo.TryGetValue(index, out var value)
                ? value
                : throw Broken($"recalls value {index}, which was never kept")
        );

    private object?[] PopToMark()
    {
        var items = new List<object?>();
        while (_stack.TryPop(out var value))
        {
            if (value is PickleMark)
            {
                items.Reverse();
                return [.. items];
            }

            items.Add(value);
        }

        throw Broken("ends a group that never began");
    }

    private object? Pop() =>
        _stack.TryPop(out var value) && value is not PickleMark
            ? value
            : throw Broken("takes a value that is not there");

    private T Pop<T>() => Pop() is T value ? value : throw Broken($"has no {typeof(T).Name} where one is needed");

    private T Peek<T>() =>
        _stack.TryPeek(out var value) && value is T and not PickleMark
            ? (T)value
            : throw Broken($"has no {typeof(T).Name} where one is needed");

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > _bytes.Length - _position)
        {
            throw Broken($"ends at byte {_bytes.Length:N0} in the middle of a value");
        }

        var taken = _bytes.AsSpan(_position, (int)count);
        _position += (int)count;
        return taken;
    }

    private string ReadLine()
    {
        var length = _bytes.AsSpan(_position).IndexOf((byte)'\n');
        if (length < 0)
        {
            throw Broken("ends in the middle of a name");
        }

        var line = ReadText(Take((uint)length));
        Take(1);
        return line;
    }

    private string ReadText(ReadOnlySpan<byte> utf8) =>
        utf8.Length <= 4096 ? Encoding.UTF8.GetString(utf8) : throw Broken($"has a text of {utf8.Length:N0} bytes");

    private long ReadLong(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8)
        {
            throw Broken($"has a number of {bytes.Length} bytes");
        }

        Span<byte> padded = stackalloc byte[8];
        padded.Fill(bytes is [.., >= 0x80] ? (byte)0xff : (byte)0);
        bytes.CopyTo(padded);
        return BinaryPrimitives.ReadInt64LittleEndian(padded);
    }

    private static string Shorten(string name) => name.Length <= 120 ? name : $"{name[..120]}…";

    private ModelFormatException Broken(string fault) =>
        new($"The pickle in voice preset '{_path}' {fault}. Use a preset from the repository of VibeVoice.");
}
