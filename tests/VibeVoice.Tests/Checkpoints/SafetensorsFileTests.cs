using VibeVoice.Checkpoints;
using static VibeVoice.Tests.Checkpoints.SafetensorsFiles;

namespace VibeVoice.Tests.Checkpoints;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void All_three_types_of_weights_become_the_same_numbers()
    {
        float[] values = [0, 1, -2.5f, 0.00390625f, float.MaxValue, -0f];
        float[] halfValues = [0, 1, -2.5f, 0.00390625f, 65504, -0f];
        byte[] half = [.. halfValues.SelectMany(value => BitConverter.GetBytes((Half)value))];
        byte[] upper = [.. values.SelectMany(value => BitConverter.GetBytes(value)[2..])];
        byte[] single = [.. values.SelectMany(BitConverter.GetBytes)];
        var header =
            $"{{{Tensor("f32", "F32", "[2,3]", 0, 24)},{Tensor("f16", "F16", "[6]", 24, 36)},{Tensor("bf16", "BF16", "[6,1]", 36, 48)}}}";
        var path = _folder.Write("weights.safetensors", [.. Make(header), .. single, .. half, .. upper]);

        using var file = SafetensorsFile.Open(path);

        file.ReadFloat32("f32").ShouldBe(values);
        file.ReadFloat32("f16").ShouldBe(halfValues);
        // bf16 of the largest float keeps its upper bits only.
        file.ReadFloat32("bf16")
            .ShouldBe([0, 1, -2.5f, 0.00390625f, BitConverter.UInt32BitsToSingle(0x7F7F0000), -0f]);
        file.Tensors["f32"].Shape.ShouldBe([2, 3]);
    }

    [Theory]
    [InlineData(0f, 0x0000)]
    [InlineData(1f, 0x3F80)]
    [InlineData(1.00390625f, 0x3F80)] // a tie: down to even
    [InlineData(1.01171875f, 0x3F82)] // a tie: up to even
    [InlineData(-1.005f, 0xBF81)]
    [InlineData(float.PositiveInfinity, 0x7F80)]
    [InlineData(float.MaxValue, 0x7F80)]
    public void Rounding_to_bf16_goes_to_the_nearest_and_ties_to_even(float value, int expected) =>
        ((int)TensorConversion.ToBFloat16(value)).ShouldBe(expected);

    [Fact]
    public void Nan_stays_nan() =>
        float.IsNaN(BitConverter.UInt32BitsToSingle((uint)TensorConversion.ToBFloat16(float.NaN) << 16)).ShouldBeTrue();

    public static TheoryData<string, byte[], string> BrokenFiles =>
        new()
        {
            { "empty", [], "has 0 bytes" },
            { "shorter than its length", [1, 2, 3], "has 3 bytes" },
            { "absurd header", Make("{}", claimedHeaderBytes: long.MaxValue), "at most 100,000,000" },
            { "negative header", Make("{}", claimedHeaderBytes: -1), "at most 100,000,000" },
            { "truncated header", Make("{}", claimedHeaderBytes: 3), "truncated" },
            { "no JSON", Make("hello"), "not the JSON" },
            { "deep JSON", Make(new string('[', 100_000)), "no JSON object" },
            { "deep metadata", Make($$"""{"a":{{new string('[', 100_000)}}}"""), "no JSON object" },
            { "a list", Make("[]"), "no JSON object" },
            { "more than one object", Make("{}{}"), "not the JSON" },
            { "unfinished", Make("""{"a":"""), "not the JSON" },
            { "no tensor", Make("""{"weight":3}"""), "'weight'" },
            { "empty tensor", Make("""{"weight":{}}"""), "'weight' lacks" },
            { "unknown key", Make("""{"weight":{"stride":[1]}}"""), "unexpected key 'stride'" },
            { "unknown type", Make($"{{{Tensor("weight", "F13", "[1]", 0, 2)}}}", 2), "unknown type 'F13'" },
            {
                "out of range",
                Make($"{{{Tensor("weight", "F32", "[4]", 0, 16)}}}", 12),
                "'weight' lies at bytes 0 to 16"
            },
            { "backwards", Make($"{{{Tensor("weight", "F32", "[1]", 8, 4)}}}", 12), "'weight' lies at bytes 8 to 4" },
            {
                "wrong count",
                Make($"{{{Tensor("weight", "F32", "[3]", 0, 16)}}}", 16),
                "'weight' has 16 bytes, but 12"
            },
            {
                "overflowing shape",
                Make($"{{{Tensor("weight", "F32", "[4294967296,4294967296]", 0, 0)}}}"),
                "'weight' has 0 bytes, but -1"
            },
            { "negative shape", Make($"{{{Tensor("weight", "F32", "[-1]", 0, 4)}}}", 4), "'shape'" },
            { "fractional shape", Make($"{{{Tensor("weight", "F32", "[1.5]", 0, 4)}}}", 4), "'shape'" },
            { "one offset", Make("""{"weight":{"dtype":"F32","shape":[],"data_offsets":[0]}}""", 4), "'data_offsets'" },
            {
                "overlap",
                Make($"{{{Tensor("a", "U8", "[4]", 0, 4)},{Tensor("b", "U8", "[4]", 2, 6)}}}", 6),
                "'b' overlaps tensor 'a' by 2 bytes"
            },
            {
                "gap",
                Make($"{{{Tensor("a", "U8", "[1]", 0, 1)},{Tensor("b", "U8", "[1]", 2, 3)}}}", 3),
                "'b' begins 1 bytes after"
            },
            {
                "misaligned",
                Make($"{{{Tensor("a", "U8", "[1]", 0, 1)},{Tensor("b", "F32", "[1]", 1, 5)}}}", 5),
                "aligned"
            },
            { "rest", Make($"{{{Tensor("a", "U8", "[1]", 0, 1)}}}", 7), "6 bytes that belong to no tensor" },
            {
                "twice",
                Make($"{{{Tensor("a", "U8", "[1]", 0, 1)},{Tensor("a", "U8", "[1]", 1, 2)}}}", 2),
                "names tensor 'a' twice"
            },
            { "bad text", Make("""{"\ud800":{}}"""), "not the JSON" },
        };

    [Theory]
    [MemberData(nameof(BrokenFiles), DisableDiscoveryEnumeration = true)]
    public void A_broken_file_is_refused_in_words(string what, byte[] bytes, string expected)
    {
        var path = _folder.Write("broken.safetensors", bytes);

        var error = Should.Throw<ModelFormatException>(() => SafetensorsFile.Open(path), what);

        error.Message.ShouldContain(expected);
        error.Message.ShouldContain(path);
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_error_that_names_it() =>
        Should
            .Throw<ModelFormatException>(() => SafetensorsFile.Open(_folder.PathOf("none.safetensors")))
            .Message.ShouldContain("none.safetensors");

    [Fact]
    public void A_file_is_mapped_and_never_held_in_memory()
    {
        const long elements = 256L * 1024 * 1024; // 512 MB, none of which is on the disk
        var bytes = 2 * elements;
        var header =
            $"{{{Tensor("large", "BF16", $"[{elements}]", 0, bytes)},{Tensor("small", "BF16", "[4]", bytes, bytes + 8)}}}";
        var sound = Make(header);
        var path = _folder.Write("large.safetensors", sound);
        using (var stream = File.OpenWrite(path))
        {
            stream.SetLength(sound.Length + bytes + 8);
        }

        var destination = new float[4];
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var file = SafetensorsFile.Open(path);
        file.ReadFloat32("small", destination);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(256 * 1024);
        file.Tensors["large"].ElementCount.ShouldBe(elements);
    }

    [Fact]
    public void Reading_after_disposal_is_an_error_and_no_crash()
    {
        var file = SafetensorsFile.Open(Path.Combine(GoldenFiles.Tiny, "model.safetensors"));
        file.Dispose();

        Should.Throw<ObjectDisposedException>(() => file.ReadFloat32("model.tts_input_types.weight"));
    }

    [Fact]
    public void What_is_written_is_read()
    {
        var path = _folder.PathOf("written.safetensors");
        const int count = 5_000_001; // several chunks and pieces, and an odd end
        SafetensorsWriter.Write(
            path,
            [
                new TensorSource("scalar", TensorDtype.F32, [], (_, bytes) => BitConverter.TryWriteBytes(bytes, 7f)),
                new TensorSource("empty", TensorDtype.BF16, [3, 0], (_, _) => { }),
                new TensorSource("numbers", TensorDtype.I32, [count], FillWithIndexes),
            ],
            new Dictionary<string, string> { ["kind"] = "“test”" },
            cancellationToken: TestContext.Current.CancellationToken
        );

        using var file = SafetensorsFile.Open(path);

        file.Metadata["kind"].ShouldBe("“test”");
        file.ReadFloat32("scalar").ShouldBe([7f]);
        file.ReadFloat32("empty").ShouldBeEmpty();
        file.ReadInt64("numbers").Select((value, index) => value == index).ShouldAllBe(equal => equal);
        Directory.GetFiles(_folder.Path).ShouldBe([path]);
    }

    [Fact]
    public void A_failure_while_writing_leaves_the_old_file()
    {
        var path = _folder.Write("kept.safetensors", "old");

        Should.Throw<InvalidOperationException>(() =>
            AtomicFile.Write(path, _ => throw new InvalidOperationException("the disk is full"))
        );

        File.ReadAllText(path).ShouldBe("old");
        Directory.GetFiles(_folder.Path).ShouldBe([path]);
    }

    private static void FillWithIndexes(long first, Span<byte> destination)
    {
        for (var i = 0; i < destination.Length / 4; i++)
        {
            BitConverter.TryWriteBytes(destination[(i * 4)..], (int)first + i);
        }
    }
}
