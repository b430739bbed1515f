using VibeVoice.Compiled;
using WeightCompiler;

namespace VibeVoice.Tests.Compiled;

/// <summary>Made once and mapped after that; what is not whole is never used; nothing is left behind.</summary>
public sealed class CompiledStoreTests : IDisposable
{
    private readonly CompiledStage _stage = new();

    public void Dispose() => _stage.Dispose();

    [Fact]
    public unsafe void What_was_made_is_mapped_by_later_opens_and_each_tensor_has_its_own_pages()
    {
        _stage.Open().ShouldBe(CompiledStage.Count);
        _stage.Notices.Count.ShouldBe(2); // that it is made, and how long that took
        _stage.Open().ShouldBe(0);
        _stage.Notices.ShouldBeEmpty();
        _stage.Names.ShouldBe([_stage.Key.FileName]);

        using var weights = _stage.Make(_stage.Folder);
        foreach (var tensor in _stage.Tensors.All)
        {
            ((nint)weights.Get(tensor.Name) % 4096).ShouldBe(0);
        }
    }

    [Fact]
    public unsafe void Without_a_folder_they_are_made_in_memory()
    {
        using var weights = _stage.Make(folder: null);
        weights.Path.ShouldBeNull();
        _stage.Tensors.FindWrong(weights).ShouldBeNull();
        foreach (var tensor in _stage.Tensors.All)
        {
            ((nint)weights.Get(tensor.Name) % 64).ShouldBe(0);
        }

        (_stage.Names.Length, _stage.Notices.Count).ShouldBe((0, 0));
        Should.Throw<KeyNotFoundException>(() => weights.Span("another"));
        weights.Dispose();
        Should.Throw<ObjectDisposedException>(() => weights.Span(TestTensors.NameOf(0)));
    }

    [Fact]
    public void Every_byte_of_the_beginning_and_of_the_table_is_checked_and_what_is_damaged_is_made_again()
    {
        _stage.Open();
        var whole = File.ReadAllBytes(_stage.File);
        var table = BitConverter.ToInt32(whole, 8);
        var found = 0;
        foreach (var position in Enumerable.Range(0, 56).Concat(Enumerable.Range(table, whole.Length - table)))
        {
            var damaged = whole.ToArray();
            damaged[position] ^= 0x10;
            File.WriteAllBytes(_stage.File, damaged);
            Should.Throw<ModelFormatException>(() => CompiledFile.Open(_stage.File).Dispose(), $"byte {position}");
            found++;
        }

        found.ShouldBe(56 + whole.Length - table);
        _stage.Open().ShouldBe(CompiledStage.Count);
        File.ReadAllBytes(_stage.File).ShouldBe(whole);
    }

    [Theory]
    [InlineData(0, "does not begin as one")]
    [InlineData(55, "does not begin as one")]
    [InlineData(4096, "has 4,096 bytes, and its table should lie at")]
    [InlineData(-1, "its table should lie at")]
    [InlineData(1, "its table should end at")]
    public void A_file_that_was_cut_or_grew_is_made_again_and_told_in_a_line(int length, string reason)
    {
        _stage.Open();
        var whole = File.ReadAllBytes(_stage.File);
        Array.Resize(ref whole, length is -1 or 1 ? whole.Length + length : length);
        File.WriteAllBytes(_stage.File, whole);

        _stage.Open().ShouldBe(CompiledStage.Count);
        _stage.Notices[0].ShouldStartWith($"The compiled weights are made again: '{_stage.File}' ");
        _stage.Notices[0].ShouldContain(reason);
        _stage.Names.ShouldBe([_stage.Key.FileName]);
    }

    [Fact]
    public void A_file_of_an_older_version_of_the_format_is_made_again()
    {
        _stage.Open();
        var old = File.ReadAllBytes(_stage.File);
        old[4] = 0;
        File.WriteAllBytes(_stage.File, old);

        _stage.Open().ShouldBe(CompiledStage.Count);
        _stage.Notices[0].ShouldContain("has version 0 of the format, and this program reads 1;");
    }

    [Fact]
    public void A_file_of_another_key_or_of_other_tensors_under_this_name_is_made_again()
    {
        var key = _stage.Key;
        _stage.Key = CompiledStage.KeyOf("int8", layout: 2);
        _stage.Open();
        File.Move(_stage.File, _stage.PathOf(key.FileName));
        _stage.Key = key;
        _stage.Open().ShouldBe(CompiledStage.Count);
        _stage.Notices[0].ShouldContain("is of other weights than its name says, and is made again.");

        _stage.Tensors = new TestTensors(CompiledStage.Count, CompiledStage.Bytes + 1);
        _stage.Open().ShouldBe(CompiledStage.Count);
        _stage.Notices[0].ShouldContain("is of other weights than its name says");
        _stage.Open().ShouldBe(0);
    }

    [Fact]
    public void Another_layout_is_compiled_beside_the_old_one_and_told_in_a_line()
    {
        _stage.Open();
        var old = _stage.Key.FileName;
        _stage.Key = CompiledStage.KeyOf("int8", layout: 2);
        _stage.Open().ShouldBe(CompiledStage.Count);
        _stage.Notices[0].ShouldStartWith("What was compiled of 'tiny' before is of another version");
        _stage.Names.ShouldBe([old, _stage.Key.FileName], ignoreOrder: true);
    }

    [Fact]
    public void Damage_within_a_tensor_is_found_by_whoever_reads_it_all()
    {
        _stage.Open();
        _stage.Inspect().Files[0].Damage.ShouldBeNull();
        using (var file = File.OpenWrite(_stage.File))
        {
            file.Position = 4096 + (3 * 12288) + 8_000; // each of the first three lies on three pages
            file.WriteByte(0);
        }

        _stage.Inspect(readsWeights: false).Files[0].Damage.ShouldBeNull();
        var damaged = _stage.Inspect().Files.ShouldHaveSingleItem();
        damaged.Damage!.ShouldContain($"tensor '{TestTensors.NameOf(3)}' has another checksum");
    }

    [Fact]
    public void Stopped_in_the_middle_it_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        _stage.Tensors = new TestTensors(40, CompiledStage.Bytes, index => StopAt(index, 3, stop));
        Should.Throw<OperationCanceledException>(() => _stage.Open(stop.Token));
        _stage.Tensors.Filled.ShouldBeLessThan(40);
        _stage.Names.ShouldBeEmpty();
    }

    [Fact]
    public void A_tensor_that_cannot_be_made_fails_as_it_did_and_leaves_nothing()
    {
        _stage.Tensors = new TestTensors(
            CompiledStage.Count,
            CompiledStage.Bytes,
            index => _ = index == 2 ? throw new FormatException("no such rows") : 0
        );
        Should.Throw<FormatException>(() => _stage.Open()).Message.ShouldBe("no such rows");
        _stage.Names.ShouldBeEmpty();
        Should.Throw<FormatException>(() => _stage.Make(folder: null));
    }

    [Fact]
    public void A_disk_that_is_full_in_the_middle_is_told_and_nothing_is_left_there()
    {
        const int noSpaceLeft = 28;
        _stage.Tensors = new TestTensors(
            CompiledStage.Count,
            CompiledStage.Bytes,
            index => _ = index == 2 ? throw new IOException("No space left on device", noSpaceLeft) : 0
        );
        Should
            .Throw<IOException>(() => _stage.Open())
            .Message.ShouldMatch(
                "^The compiled weights need 6[0-9],[0-9]{3} bytes in '.+', but [0-9,]+ are free there[.]"
            );
        _stage.Names.ShouldBeEmpty();
    }

    [Fact]
    public void A_half_file_that_another_took_away_is_made_again_but_not_for_ever()
    {
        var times = 1;
        _stage.Tensors = new TestTensors(
            CompiledStage.Count,
            CompiledStage.Bytes,
            index => _ = index == 2 && times-- > 0 ? TakeAway() : 0
        );
        _stage.Open().ShouldBe(2 * CompiledStage.Count);
        _stage.Names.ShouldBe([_stage.Key.FileName]);

        File.Delete(_stage.File);
        times = 99;
        Should.Throw<IOException>(() => _stage.Open()).Message.ShouldContain("was written 3 times and is not there");
        _stage.Names.ShouldBeEmpty();

        int TakeAway()
        {
            File.Delete(Directory.GetFiles(_stage.Folder, ".*.tmp").ShouldHaveSingleItem());
            return 0;
        }
    }

    [Fact]
    public void A_lock_that_a_dead_process_left_holds_nobody_up()
    {
        var path = _stage.PathOf(CompiledNames.Lock(_stage.Key.FileName));
        File.WriteAllText(path, "");
        _stage.Open().ShouldBe(CompiledStage.Count);
        _stage.Notices.ShouldNotContain(notice => notice.StartsWith("Another process", StringComparison.Ordinal));
        _stage.Names.ShouldBe([_stage.Key.FileName]);
    }

    [Fact]
    public void A_holder_that_hangs_is_waited_for_only_so_long_and_what_it_wrote_is_left_to_it()
    {
        var half = CompiledNames.Temporary(_stage.Key.FileName);
        File.WriteAllText(_stage.PathOf(half), "");
        var name = CompiledNames.Lock(_stage.Key.FileName);
        using var hanging = new FileStream(_stage.PathOf(name), FileMode.Create, FileAccess.Write, FileShare.None);
        _stage.Patience = TimeSpan.FromSeconds(0.3);

        _stage.Open().ShouldBe(CompiledStage.Count);
        _stage.Notices[0].ShouldBe($"Another process compiles the weights into '{_stage.File}'; waiting for it.");
        _stage.Names.ShouldBe([half, name, _stage.Key.FileName], ignoreOrder: true);
    }

    [Fact]
    public async Task A_wait_can_be_given_up()
    {
        var name = CompiledNames.Lock(_stage.Key.FileName);
        await using var holder = new FileStream(_stage.PathOf(name), FileMode.Create, FileAccess.Write, FileShare.None);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(0.2));
        Should.Throw<OperationCanceledException>(() => _stage.Open(stop.Token));
        _stage.Tensors.Filled.ShouldBe(0);
    }

    [Fact]
    public void A_name_that_occurs_twice_and_a_size_that_cannot_be_are_refused()
    {
        var one = _stage.Tensors.All[0];
        Should.Throw<ArgumentException>(() => Refuse([])).Message.ShouldContain("no tensors");
        Should.Throw<ArgumentException>(() => Refuse([one, one])).Message.ShouldContain("occurs twice");
        Should.Throw<ArgumentException>(() => Refuse([one with { Bytes = 0 }])).Message.ShouldContain("has 0 bytes");
        Should.Throw<ArgumentException>(() => Refuse([one with { Bytes = 1L << 31 }]));

        void Refuse(CompiledTensor[] tensors) =>
            CompiledStore.Open(null, _stage.Key, tensors, log: null, TestContext.Current.CancellationToken);
    }

    private static void StopAt(int index, int last, CancellationTokenSource stop)
    {
        if (index == last)
        {
            stop.Cancel();
        }
    }
}
