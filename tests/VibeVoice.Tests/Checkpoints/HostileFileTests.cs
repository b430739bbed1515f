using CsCheck;
using VibeVoice.Checkpoints;
using VibeVoice.Text;

namespace VibeVoice.Tests.Checkpoints;

/// <summary>Any damage to a file gives a load or one of the two exceptions, and never anything else.</summary>
public sealed class HostileFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ModelConfig _tiny = ModelConfig.Load(GoldenFiles.Tiny);
    private int _files;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_damaged_preset_is_an_error_in_words() =>
        Sample(File.ReadAllBytes(GoldenFiles.TinyVoice), path => VoicePreset.Load(path, _tiny), iterations: 3000);

    [Fact]
    public void A_damaged_pickle_is_an_error_in_words()
    {
        using var zip = System.IO.Compression.ZipFile.OpenRead(GoldenFiles.TinyVoice);
        var entries = zip.Entries.ToDictionary(entry => entry.FullName.Split('/', 2)[1], Read);
        var storages = entries.Where(entry => entry.Key.StartsWith("data/", StringComparison.Ordinal));

        Damage(entries["data.pkl"])
            .Sample(
                pickle =>
                    LoadsOrRefuses(
                        PickleWriter.Archive(pickle, storages.Select(entry => (entry.Key[5..], entry.Value))),
                        path => VoicePreset.Load(path, _tiny)
                    ),
                iter: 3000
            );
    }

    [Fact]
    public void A_damaged_preset_of_our_form_is_an_error_in_words()
    {
        var path = _folder.PathOf("voice.safetensors");
        SyntheticPreset.Make("voice", _tiny).Save(path);

        Sample(Header(path), damaged => VoicePreset.Load(damaged, _tiny), iterations: 2000);
    }

    [Fact]
    public void A_damaged_weight_file_is_an_error_in_words() =>
        Sample(
            Header(Path.Combine(GoldenFiles.Tiny, "model.safetensors")),
            path =>
            {
                using var file = SafetensorsFile.Open(path);
                foreach (var name in file.Tensors.Keys)
                {
                    file.ReadFloat32(name);
                }
            },
            iterations: 1000
        );

    [Fact]
    public void A_damaged_tokenizer_is_an_error_in_words() =>
        Sample(
            File.ReadAllBytes(Path.Combine(GoldenFiles.Tiny, "tokenizer.json")),
            path => TextTokenizer.LoadFile(path).Encode("Hello there!"),
            iterations: 1000
        );

    [Fact]
    public void A_damaged_configuration_is_an_error_in_words() =>
        Sample(
            File.ReadAllBytes(Path.Combine(GoldenFiles.Tiny, "config.json")),
            path => WeightNames.Of(ModelConfig.Load(path, null)),
            iterations: 3000
        );

    private void Sample(byte[] sound, Action<string> load, int iterations) =>
        Damage(sound).Sample(damaged => LoadsOrRefuses(damaged, load), iter: iterations);

    private bool LoadsOrRefuses(byte[] bytes, Action<string> load)
    {
        var path = _folder.Write($"damaged-{Interlocked.Increment(ref _files)}", bytes);
        try
        {
            load(path);
            return true;
        }
        catch (Exception exception) when (exception is ModelFormatException or WeightMismatchException)
        {
            return true;
        }
        finally
        {
            File.Delete(path);
        }
    }

    // A few bytes replaced, a piece cut out, a piece doubled, or the end cut off.
    private static Gen<byte[]> Damage(byte[] sound)
    {
        var position = Gen.Int[0, sound.Length - 1];
        var replace = Gen.Select(position, Gen.Byte)
            .Array[1, 6]
            .Select(changes =>
            {
                var damaged = sound.ToArray();
                foreach (var (index, value) in changes)
                {
                    damaged[index] = value;
                }

                return damaged;
            });
        var cut = Gen.Select(position, Gen.Int[1, 200])
            .Select((start, count) => (byte[])[.. sound[..start], .. sound.Skip(start + count)]);
        var twice = Gen.Select(position, Gen.Int[1, 200])
            .Select((start, count) => (byte[])[.. sound[..start], .. sound.Skip(start).Take(count), .. sound[start..]]);
        var shorten = position.Select(length => sound[..length]);
        return Gen.Frequency((6, replace), (2, cut), (2, twice), (1, shorten));
    }

    // The header, and zeros for the tensors: damage to a weight is no damage that can be seen.
    private static byte[] Header(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes.AsSpan(8 + (int)BitConverter.ToInt64(bytes)).Clear();
        return bytes;
    }

    private static byte[] Read(System.IO.Compression.ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
