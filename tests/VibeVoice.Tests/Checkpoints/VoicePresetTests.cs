using System.Diagnostics;
using System.IO.Compression;
using VibeVoice.Checkpoints;

namespace VibeVoice.Tests.Checkpoints;

public sealed class VoicePresetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ModelConfig _tiny = ModelConfig.Load(GoldenFiles.Tiny);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("en-Mike_man", 49, 148)]
    [InlineData("kr-Spk0_woman", 120, 303)]
    [InlineData("en-Emma_woman", null, null)]
    [Trait("Category", "Reference")]
    public void Published_presets_load_with_their_lengths(string name, int? textLength, int? speechLength)
    {
        var path = GoldenFiles.Shared("voices", $"{name}.pt");
        var config = ModelConfig.Load(Path.Combine(GoldenFiles.Full, "config.json"), preprocessorFile: null);

        var voice = VoicePreset.Load(path, config);

        voice.Name.ShouldBe(name);
        voice.Text.Length.ShouldBe(textLength ?? voice.Text.Length);
        voice.Speech.Length.ShouldBe(speechLength ?? voice.Speech.Length);
        voice.NegativeText.Length.ShouldBe(1);
        voice.NegativeSpeech.Length.ShouldBe(1);
        voice.Speech.Keys.Count.ShouldBe(20);
        voice.Text.Values.ShouldAllBe(values => values.Length == 2 * voice.Text.Length * 64);
    }

    [Theory]
    [InlineData("FloatStorage", "cuda:0", 0, true)]
    [InlineData("HalfStorage", "mps", 3, true)]
    [InlineData("BFloat16Storage", "xpu:7", 100, true)]
    [InlineData("BFloat16Storage", "meta", 1, false)]
    public void Every_type_device_offset_and_layout_gives_the_same_numbers(
        string type,
        string device,
        int padding,
        bool transposed
    )
    {
        var expected = SyntheticPreset.Make("voice", _tiny);
        var exact = type == "HalfStorage" ? 1e-3f : 0; // bf16 numbers near 0 have no float16 of the same value
        var path = _folder.Write("voice.pt", TorchPresets.Make(expected, type, device, padding, transposed));

        ShouldBeEqual(VoicePreset.Load(path, _tiny), expected, exact);
    }

    [Fact]
    public void A_storage_may_be_shared_by_tensors()
    {
        var elements = Enumerable.Range(0, 4096).SelectMany(i => BitConverter.GetBytes(i / 16f)).ToArray();
        var pickle = new PickleWriter().Op('}').Op('(');
        foreach (var (name, layers) in new[] { ("lm", 2), ("tts_lm", 3), ("neg_lm", 2), ("neg_tts_lm", 3) })
        {
            pickle.Text(name).Global("transformers.modeling_outputs", "BaseModelOutputWithPast").Op('(');
            pickle.Tensor("FloatStorage", "0", 4096, 5, [1, 2, 64], [0, 64, 1]);
            pickle.Global("transformers.cache_utils", "DynamicCache").Op(')').Raw(0x81).Op('}').Op('(');
            foreach (var cache in new[] { "key_cache", "value_cache" })
            {
                pickle.Text(cache).Op(']').Op('(');
                for (var layer = 0; layer < layers; layer++)
                {
                    pickle.Tensor("FloatStorage", "0", 4096, layer, [1, 2, 2, 16], [0, 0, 100, 2]); // heads alike, gaps
                }

                pickle.Op('e');
            }

            pickle.Op('u').Op('b').Op('t').Op('R');
        }

        var path = _folder.Write("voice.pt", PickleWriter.Archive(pickle.Op('u').Op('.').Bytes, [("0", elements)]));

        var voice = VoicePreset.Load(path, _tiny);

        float[] head =
        [
            .. from row in Enumerable.Range(0, 2)
            from i in Enumerable.Range(0, 16)
            select (1 + (100 * row) + (2 * i)) / 16f,
        ];
        voice.Speech.Keys[1].ToArray().ShouldBe([.. head, .. head]);
        voice.Text.LastHiddenState.ToArray().ShouldBe([.. Enumerable.Range(5, 128).Select(i => i / 16f)]);
    }

    [Fact]
    public void Our_form_loads_equal_and_is_no_larger()
    {
        var voice = VoicePreset.Load(GoldenFiles.TinyVoice, _tiny);
        var path = _folder.PathOf("copies", "tiny.safetensors");

        voice.Save(path);

        ShouldBeEqual(VoicePreset.Load(path, _tiny), voice, tolerance: 0);
        new FileInfo(path).Length.ShouldBeLessThan(new FileInfo(GoldenFiles.TinyVoice).Length);
    }

    [Fact]
    public void Our_form_keeps_numbers_that_are_no_bf16()
    {
        var voice = SyntheticPreset.Make("voice", _tiny);
        var hidden = voice.Text.LastHiddenState.ToArray();
        hidden[3] = 0.1f;
        voice = voice with { Text = voice.Text with { LastHiddenState = hidden } };
        var path = _folder.PathOf("voice.safetensors");

        voice.Save(path);

        ShouldBeEqual(VoicePreset.Load(path, _tiny), voice, tolerance: 0);
    }

    [Theory]
    [InlineData(".pt")]
    [InlineData(".safetensors")]
    public void A_voice_for_another_checkpoint_is_refused(string extension)
    {
        var voice = SyntheticPreset.Make("voice", _tiny);
        var path = _folder.PathOf($"voice{extension}");
        if (extension == ".pt")
        {
            File.WriteAllBytes(path, TorchPresets.Make(voice, "BFloat16Storage"));
        }
        else
        {
            voice.Save(path);
        }

        var error = Should.Throw<WeightMismatchException>(() => Load(language => language with { HiddenSize = 128 }));
        error.Tensor.ShouldBe("lm.last_hidden_state");
        error.Found.ShouldBe("shape [9, 64]".Replace("[9", extension == ".pt" ? "[1, 9" : "[9"));
        Should.Throw<WeightMismatchException>(() => Load(language => language with { KeyValueHeads = 1 }));
        Should.Throw<WeightMismatchException>(() => Load(language => language with { HeadSize = 8 }));
        Should.Throw<WeightMismatchException>(() => Load(language => language with { MaxPositions = 8 }));
        Should.Throw<WeightMismatchException>(() => Load(language => language with { SpeechLayers = 4 }));
        var tooMany = Should.Throw<Exception>(() => Load(language => language with { SpeechLayers = 2 }));
        (tooMany is WeightMismatchException or ModelFormatException).ShouldBeTrue();

        VoicePreset Load(Func<LanguageConfig, LanguageConfig> change) =>
            VoicePreset.Load(path, _tiny with { Language = change(_tiny.Language) });
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_refused()
    {
        var voice = SyntheticPreset.Make("voice", _tiny);
        var hidden = voice.Speech.LastHiddenState.ToArray();
        hidden[3] = float.PositiveInfinity;
        voice = voice with { Speech = voice.Speech with { LastHiddenState = hidden } };
        voice.Save(_folder.PathOf("voice.safetensors"));

        ShouldBeRefused("voice.safetensors", "'tts_lm' that are not finite");
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch._utils", "_rebuild_tensor")]
    [InlineData("torch", "DoubleStorage")]
    [InlineData("collections", "OrderedDict.fromkeys")]
    [InlineData("torch.storage", "_load_from_bytes")]
    public void A_name_that_is_not_on_the_list_is_refused_by_name(string module, string name)
    {
        WritePickle(new PickleWriter().Global(module, name).Text("true").Raw(0x85).Op('R').Op('.'));

        ShouldBeRefused("voice.pt", $"'{module}.{name}'");
    }

    public static TheoryData<string, byte[], string> BrokenPickles =>
        new()
        {
            { "nothing", [], "in the middle of a value" },
            { "another protocol", [0x80, 4, (byte)'.'], "protocol 4" },
            { "no value", P().Op('.').Bytes, "not there" },
            { "an instance of old classes", P().Op('(').Op('i').Bytes, "instruction 0x69" },
            { "an extension code", P().Raw(0x82, 1).Bytes, "instruction 0x82" },
            { "a global from the stack", P().Raw(0x93).Bytes, "instruction 0x93" },
            { "a long text", P().Raw((byte)'X', 0xff, 0xff, 0xff, 0xff).Bytes, "in the middle of a value" },
            { "a longer text than names have", P().Text(new string('x', 5000)).Bytes, "text of 5,000 bytes" },
            { "a name without an end", P().Raw((byte)'c', (byte)'o').Bytes, "in the middle of a name" },
            { "a huge number", P().Raw(0x8a, 9).Raw(new byte[9]).Bytes, "number of 9 bytes" },
            { "an unknown memo", P().Op('h').Raw(9).Bytes, "recalls value 9" },
            { "a group that never began", P().Op('t').Bytes, "never began" },
            { "a mark as a value", P().Op('(').Op('.').Bytes, "not there" },
            { "a call of a text", P().Text("x").Op(')').Op('R').Bytes, "PickleGlobal" },
            { "a call of a storage", P().Global("torch", "FloatStorage").Op(')').Op('R').Bytes, "calls FloatStorage" },
            { "a list as a key", P().Op('}').Op(']').Op('N').Op('s').Bytes, "keys other than strings" },
            { "a key without a value", P().Op('}').Op('(').Text("a").Op('u').Bytes, "key without a value" },
            { "state of a plain dictionary", P().Op('}').Op('}').Op('b').Bytes, "state of something" },
            { "a storage of no type", P().Number(1).Raw(0x85).Op('Q').Bytes, "storage in an unknown way" },
            { "a text as the preset", P().Text("x").Op('.').Bytes, "'the preset' is String" },
            { "an empty preset", P().Op('}').Op('.').Bytes, "'lm' is missing" },
            { "strides without sizes", Tensor([1, 2], [1]), "rebuilds a tensor" },
            { "negative strides", Tensor([1, 9, 64], [1, 1, -1]), "rebuilds a tensor" },
            { "negative offset", Tensor([1, 9, 64], [1, 64, 1], offset: -1), "rebuilds a tensor" },
            { "a hidden state of another rank", Tensor([9, 64], [64, 1]), "lm.last_hidden_state" },
            { "past the end", Tensor([1, 9, 64], [576, 64, 1], offset: 1), "reaches to element 576" },
            { "far past the end", Tensor([1, 9, 64], [576, long.MaxValue, long.MaxValue]), "reaches to element" },
            { "an offset past everything", Tensor([1, 9, 64], [0, 0, 0], offset: long.MaxValue), "reaches to element" },
            { "an absurd storage", Tensor([1, 9, 64], [576, 64, 1], count: long.MaxValue), "2304 bytes" },
            { "a missing storage", Tensor([1, 9, 64], [576, 64, 1], key: "1"), "no storage '1'" },
            { "a storage outside", Tensor([1, 9, 64], [576, 64, 1], key: "../data.pkl"), "no storage '../data.pkl'" },
            { "an absurd size", Tensor([1, long.MaxValue, 64], [0, 0, 0]), "lm.last_hidden_state" },
        };

    [Theory]
    [MemberData(nameof(BrokenPickles), DisableDiscoveryEnumeration = true)]
    public void A_broken_pickle_is_refused_in_words(string what, byte[] pickle, string expected)
    {
        var path = _folder.Write("voice.pt", PickleWriter.Archive(pickle, [("0", new byte[2304])]));

        var error = Should.Throw<Exception>(() => VoicePreset.Load(path, _tiny), what);

        (error is ModelFormatException or WeightMismatchException).ShouldBeTrue(error.ToString());
        error.Message.Replace("2,304", "2304").ShouldContain(expected);
    }

    [Fact]
    public void Depth_and_circles_cost_nothing()
    {
        var deep = new PickleWriter();
        for (var i = 0; i < 1_000_000; i++)
        {
            deep.Op(']');
        }

        for (var i = 1; i < 1_000_000; i++)
        {
            deep.Op('a');
        }

        WritePickle(deep.Op('.'));
        var watch = Stopwatch.StartNew();
        ShouldBeRefused("voice.pt", "'the preset' is PickleList");

        var circle = new PickleWriter().Op('}').Op('q').Raw(0).Text("lm").Op('h').Raw(0).Op('s').Op('.');
        WritePickle(circle);
        ShouldBeRefused("voice.pt", "'lm.last_hidden_state' is missing");
        var ownState = new PickleWriter().Global("collections", "OrderedDict").Op(')').Op('R').Op('2').Op('b').Op('.');
        WritePickle(ownState);
        ShouldBeRefused("voice.pt", "'lm' is missing");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_compressed_archive_is_refused_before_it_is_unpacked()
    {
        var bomb = PickleWriter.Archive(
            new PickleWriter().Op('}').Op('.').Bytes,
            [("0", new byte[64 * 1024 * 1024])],
            CompressionLevel.Fastest
        );
        _folder.Write("voice.pt", bomb);
        bomb.Length.ShouldBeLessThan(1024 * 1024);
        var before = GC.GetAllocatedBytesForCurrentThread();

        ShouldBeRefused("voice.pt", "compressed entry");

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4 * 1024 * 1024);
    }

    [Fact]
    public void An_archive_whose_entries_share_their_bytes_is_refused()
    {
        var archive = PickleWriter.Archive(new PickleWriter().Op('}').Op('.').Bytes, [("0", new byte[100_000])]);
        var end = archive.AsSpan(archive.Length - 22); // the end record: counts at 8 and 10, size at 12, offset at 16
        var directory = archive.AsSpan(BitConverter.ToInt32(end[16..]), BitConverter.ToInt32(end[12..])).ToArray();
        var second = directory[directory.AsSpan().LastIndexOf("PK\u0001\u0002"u8)..];
        const int copies = 1000; // 100 MB of storages in 100 kB
        byte[] repeated = [.. directory, .. Enumerable.Repeat(second, copies).SelectMany(record => record)];
        var newEnd = end.ToArray();
        BitConverter.TryWriteBytes(newEnd.AsSpan(8), (ushort)(2 + copies));
        BitConverter.TryWriteBytes(newEnd.AsSpan(10), (ushort)(2 + copies));
        BitConverter.TryWriteBytes(newEnd.AsSpan(12), repeated.Length);
        _folder.Write("voice.pt", [.. archive[..BitConverter.ToInt32(end[16..])], .. repeated, .. newEnd]);

        ShouldBeRefused("voice.pt", "its entries claim more");
    }

    [Fact]
    public void An_archive_with_two_pickles_or_none_is_refused()
    {
        var empty = new PickleWriter().Op('}').Op('.').Bytes;
        _folder.Write("two.pt", PickleWriter.Archive(empty, [("data.pkl", empty)]));
        _folder.Write("none.pt", PickleWriter.Archive(empty, [], root: "x"));

        ShouldBeRefused("two.pt", "more than one 'data.pkl'");
        ShouldBeRefused("none.pt", "no 'data.pkl'");
    }

    [Fact]
    public void An_absurdly_long_pickle_is_refused()
    {
        WritePickle(new PickleWriter().Raw(new byte[5 * 1024 * 1024]));

        ShouldBeRefused("voice.pt", "pickle of 5,242,");
    }

    [Fact]
    public void A_truncated_file_is_refused_wherever_it_ends()
    {
        var whole = File.ReadAllBytes(GoldenFiles.TinyVoice);
        for (var length = 0; length < whole.Length; length += 97)
        {
            _folder.Write("voice.pt", whole[..length]);
            Should.Throw<ModelFormatException>(() => VoicePreset.Load(_folder.PathOf("voice.pt"), _tiny));
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() => ShouldBeRefused("nobody.pt", "nobody.pt");

    private static PickleWriter P() => new();

    private static byte[] Tensor(long[] shape, long[] strides, long offset = 0, long count = 576, string key = "0") =>
        P()
            .Op('}')
            .Text("lm")
            .Global("transformers.modeling_outputs", "BaseModelOutputWithPast")
            .Op('(')
            .Tensor("FloatStorage", key, count, offset, shape, strides)
            .Global("transformers.cache_utils", "DynamicCache")
            .Op(')')
            .Raw(0x81)
            .Op('t')
            .Op('R')
            .Op('s')
            .Op('.')
            .Bytes;

    private void WritePickle(PickleWriter pickle) => _folder.Write("voice.pt", PickleWriter.Archive(pickle.Bytes, []));

    private void ShouldBeRefused(string name, string expected)
    {
        var error = Should.Throw<ModelFormatException>(() => VoicePreset.Load(_folder.PathOf(name), _tiny));
        error.Message.ShouldContain(expected);
        error.Message.ShouldContain(name);
    }

    private static void ShouldBeEqual(VoicePreset actual, VoicePreset expected, float tolerance)
    {
        foreach (var (one, other) in actual.Caches.Zip(expected.Caches))
        {
            one.Cache.Length.ShouldBe(other.Cache.Length);
            Close(one.Cache.LastHiddenState, other.Cache.LastHiddenState);
            one.Cache.Keys.Count.ShouldBe(other.Cache.Keys.Count);
            foreach (
                var (layer, otherLayer) in one
                    .Cache.Keys.Zip(other.Cache.Keys)
                    .Concat(one.Cache.Values.Zip(other.Cache.Values))
            )
            {
                Close(layer, otherLayer);
            }
        }

        void Close(ReadOnlyMemory<float> one, ReadOnlyMemory<float> other)
        {
            one.Length.ShouldBe(other.Length);
            for (var i = 0; i < one.Length; i++)
            {
                // Not an assertion per element: there are many thousands.
                if (!(Math.Abs(one.Span[i] - other.Span[i]) <= tolerance))
                {
                    Assert.Fail($"element {i}: {one.Span[i]}, but {other.Span[i]} was expected");
                }
            }
        }
    }
}
