using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using VibeVoice.Native;

namespace VibeVoice.Tests.Native;

/// <summary>The kernels as processors without AVX-512, and without AVX2, run them: in processes that may not use those.</summary>
public sealed class OtherProcessorTests
{
    private const string FileVariable = "VIBEVOICE_TEST_KERNEL_NUMBERS";
    private const string Avx512 = "DOTNET_EnableAVX512";
    private const string Avx2 = "DOTNET_EnableAVX2";

    [Theory]
    [InlineData("Avx2", Avx512)]
    [InlineData("None", Avx512, Avx2)]
    public async Task Kernels_are_right_without_instructions_and_8_bits_give_the_same_numbers(
        string left,
        params string[] disabled
    )
    {
        Assert.SkipUnless(
            RuntimeInformation.ProcessArchitecture is Architecture.X64,
            "There are no such instructions."
        );
        Assert.SkipWhen(Environment.GetEnvironmentVariable(FileVariable) is not null, "This is such a process.");
        Assert.SkipWhen(left == Best(), "This processor is such a one: all other tests are this one.");
        using var folder = new TemporaryFolder();
        var file = folder.PathOf("numbers");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "VibeVoice.Tests"))
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            ArgumentList =
            {
                "--filter-class",
                "VibeVoice.Tests.Native.*",
                "--filter-class",
                "*RunParityTests",
                "--ansi",
                "off",
                "--progress",
                "off",
            },
            Environment = { [FileVariable] = file },
        };
        foreach (var name in disabled)
        {
            start.Environment[name] = "0";
        }

        if (left == "None")
        {
            // Half a minute of emulated instructions, for what is the same code above the kernels.
            start.ArgumentList.Add("--filter-not-class");
            start.ArgumentList.Add("*BatchTests");
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        process.ExitCode.ShouldBe(0, output);
        var numbers = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        numbers[0].ShouldBe(left);
        numbers[1].ShouldBe(Int8Numbers());
    }

    /// <summary>Tells the test above, in the process that it starts, what came of it.</summary>
    [Fact]
    public void The_numbers_of_this_processor_are_told()
    {
        var file = Environment.GetEnvironmentVariable(FileVariable);
        var numbers = Int8Numbers();
        numbers.ShouldBe(Int8Numbers());
        if (file is not null)
        {
            File.WriteAllLines(file, [Best(), numbers]);
        }
    }

    private static string Best() =>
        Avx512BW.IsSupported ? "Avx512"
        : System.Runtime.Intrinsics.X86.Avx2.IsSupported ? "Avx2"
        : "None";

    /// <summary>What 8 and 4 bits make of some rows, summed up: activations, products.</summary>
    private static unsafe string Int8Numbers()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var format in (PanelFormat[])[PanelFormat.Int8, PanelFormat.Int4])
        {
            for (var rows = 1; rows <= 20; rows++)
            {
                using var plain = new PlainPanels(format, 60 + (20 * rows), 32, seed: rows);
                using var activations = new Activations();
                var x = PanelTests.RandomRows(rows, plain.Inputs, rows);
                var y = new float[ActivationTiles.SlotsOfAll(rows) * 32];
                fixed (
                    float* values = x,
                        result = y
                )
                {
                    activations.Set(format, values, plain.Inputs, rows, plain.Inputs);
                    plain.Layer.Multiply(0, activations, 0, rows, result, 32);
                    plain.Layer.Multiply(1, activations, 0, rows, result + 16, 32);
                }

                hash.AppendData(MemoryMarshal.AsBytes(y.AsSpan(0, rows * 32)));
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
