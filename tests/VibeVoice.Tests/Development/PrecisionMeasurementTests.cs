using VibeVoice.Development;

namespace VibeVoice.Tests.Development;

/// <summary>What fewer bits cost on the recorded checkpoint: laws, and bands that a worse rounding would leave.</summary>
[Trait("Category", "Reference")]
public sealed class PrecisionMeasurementTests
{
    private static readonly string _run = Path.Combine(GoldenFiles.Tiny, "run-long.safetensors");
    private const string Conditions = "conditions";
    private const string Latents = "latents";
    private const string Audio = "audio of exact latents";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Exact_weights_are_those_of_the_reference()
    {
        var report = await MeasureAsync(PrecisionPart.All, frames: 36);

        var exact = report.Cases[0];
        (exact.Precision, report.Frames, report.IsRecorded).ShouldBe(("float32", 36, true));
        exact.Errors.Select(error => error.Quantity).ShouldBe(PrecisionMeasurement.Quantities);
        exact.Errors.ShouldAllBe(error => error.Decibels > 100 && error.WorstDecibels > 100);
    }

    [Theory]
    [InlineData(PrecisionPart.Language, "float32,text=int8,speech=int8", Conditions, 33, 45)]
    [InlineData(PrecisionPart.Sampler, "float32,sampler=int8", Latents, 35, 48)]
    [InlineData(PrecisionPart.Decoder, "float32,decoder=int8", Audio, 38, 48)]
    public async Task Eight_bits_cost_what_they_should_and_four_bits_more(
        PrecisionPart part,
        string precision,
        string quantity,
        double least,
        double most
    )
    {
        var report = await MeasureAsync(part);

        report.Cases.Select(measured => measured.Precision).ShouldBe([precision, precision.Replace("int8", "int4")]);
        var (eight, four) = (Of(report.Cases[0], quantity), Of(report.Cases[1], quantity));
        eight.Decibels.ShouldBeInRange(least, most);
        eight.WorstDecibels.ShouldBeInRange(least - 8, eight.Decibels);
        (eight.Decibels - four.Decibels).ShouldBeInRange(18, 30); // four bits are 24 dB
        eight.RelativeError.ShouldBeLessThan(four.RelativeError);
        report.Cases[1].PartBytes.ShouldBeLessThan(report.Cases[0].PartBytes);
        report.Cases[0].AllBytes.ShouldBeGreaterThan(report.Cases[0].PartBytes);
    }

    /// <remarks>Without a recorded run the reference is of the same kernels, so what is not under test is equal to the bit.</remarks>
    [Theory]
    [InlineData(PrecisionPart.Language)]
    [InlineData(PrecisionPart.Sampler)]
    [InlineData(PrecisionPart.Decoder)]
    public async Task The_part_under_test_is_the_only_one_that_differs(PrecisionPart part)
    {
        var report = await MeasureAsync(part, isRecorded: false);

        report.IsRecorded.ShouldBeFalse();
        foreach (var measured in report.Cases)
        {
            foreach (var (owner, quantity) in Owners)
            {
                var error = Of(measured, quantity);
                (error.RelativeError > 0).ShouldBe(owner == part, $"{measured.Precision}: {quantity}");
                double.IsPositiveInfinity(error.Decibels).ShouldBe(owner != part);
            }

            Of(measured, "free-running audio").RelativeError.ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public async Task All_parts_together_are_each_as_alone_and_exact_ones_are_equal_to_the_reference()
    {
        var all = await MeasureAsync(PrecisionPart.All, isRecorded: false);
        var decoder = await MeasureAsync(PrecisionPart.Decoder, isRecorded: false);
        var language = await MeasureAsync(PrecisionPart.Language, isRecorded: false);

        all.Cases[0].Errors.ShouldAllBe(error => error.RelativeError == 0);
        Of(all.Cases[1], Audio).ShouldBe(Of(decoder.Cases[0], Audio));
        Of(all.Cases[1], Conditions).ShouldBe(Of(language.Cases[0], Conditions));
        all.Cases[1].PartBytes.ShouldBe(all.Cases[1].AllBytes);
    }

    [Fact]
    public async Task Mixtures_are_between()
    {
        var report = await MeasureAsync(PrecisionPart.Mixture);

        report
            .Cases.Select(measured => measured.Precision)
            .ShouldBe(["int8,decoder=int4", "int8,speech=float32", "int8,text=float32,speech=float32"]);
        Of(report.Cases[2], Conditions).Decibels.ShouldBeGreaterThan(100);
        Of(report.Cases[1], Conditions).Decibels.ShouldBeInRange(35, 100);
        Of(report.Cases[0], Audio).Decibels.ShouldBeLessThan(25);
        Of(report.Cases[0], Latents).Decibels.ShouldBeGreaterThan(35);
    }

    [Fact]
    public async Task What_cannot_be_measured_is_told()
    {
        (
            await Should.ThrowAsync<ModelFormatException>(() => MeasureAsync(PrecisionPart.All, 90, isRecorded: false))
        ).Message.ShouldMatch(
            "^The model's context is full after [0-9]+ frames, but 90 were asked for. Ask for fewer.$"
        );
        var limit = RecordedRun.Load(Path.Combine(GoldenFiles.Tiny, "run-limit.safetensors"));
        (
            await Should.ThrowAsync<ModelFormatException>(() =>
                PrecisionMeasurement.RunAsync(Options(PrecisionPart.All) with { Recorded = limit }, Cancellation)
            )
        ).Message.ShouldContain("which a part is fed with");
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => MeasureAsync(PrecisionPart.All, frames: 0));
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() =>
            PrecisionMeasurement.RunAsync(Options(PrecisionPart.All), stopped.Token)
        );
    }

    private static (PrecisionPart Owner, string Quantity)[] Owners =>
        [(PrecisionPart.Language, Conditions), (PrecisionPart.Sampler, Latents), (PrecisionPart.Decoder, Audio)];

    private static PrecisionError Of(PrecisionCase measured, string quantity) =>
        measured.Errors.Single(error => error.Quantity == quantity);

    private static PrecisionMeasurementOptions Options(PrecisionPart part) =>
        new()
        {
            Model = GoldenFiles.Tiny,
            Voice = GoldenFiles.TinyVoice,
            Part = part,
            Threads = 2,
        };

    private static Task<PrecisionReport> MeasureAsync(PrecisionPart part, int frames = 32, bool isRecorded = true) =>
        PrecisionMeasurement.RunAsync(
            Options(part) with
            {
                Frames = frames,
                Recorded = isRecorded ? RecordedRun.Load(_run) : null,
            },
            Cancellation
        );
}
