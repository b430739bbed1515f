using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Settings;

/// <summary>Every wrong setting is told at once, in a sentence of its own; what is right is taken as it stands.</summary>
public sealed class SettingsReaderTests
{
    [Fact]
    public void Nothing_set_is_all_defaults() => Read<Sample>().ShouldBe(new Sample());

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\t\n")]
    public void Blank_is_not_set(string blank) =>
        Read<Sample>(("WHOLE", blank), ("CHOICE", blank), ("ADDRESS", blank), ("NAME", blank), ("SWITCH", blank))
            .ShouldBe(new Sample());

    [Fact]
    public void Values_are_read_by_their_type() =>
        Read<Sample>(
                ("WHOLE", " 7 "),
                ("BIG", "9000000000"),
                ("PART", "2.5"),
                ("SWITCH", "yes"),
                ("CHOICE", "SECOND"),
                ("ADDRESS", "https://s3.example.com"),
                ("NAME", " a b ")
            )
            .ShouldBe(
                new Sample
                {
                    Whole = 7,
                    Big = 9_000_000_000,
                    Part = 2.5,
                    Switch = true,
                    Choice = Choice.Second,
                    Address = new Uri("https://s3.example.com"),
                    Name = "a b",
                }
            );

    [Theory]
    [InlineData("WHOLE", "0", "WHOLE is '0', but must be a whole number from 1 to 50.")]
    [InlineData("WHOLE", "51", "WHOLE is '51', but must be a whole number from 1 to 50.")]
    [InlineData("WHOLE", "2.0", "WHOLE is '2.0', but must be a whole number from 1 to 50.")]
    [InlineData("WHOLE", "1e1", "WHOLE is '1e1', but must be a whole number from 1 to 50.")]
    [InlineData("WHOLE", "1,0", "WHOLE is '1,0', but must be a whole number from 1 to 50.")]
    [InlineData("WHOLE", "99999999999", "WHOLE is '99999999999', but must be a whole number from 1 to 50.")]
    [InlineData("WHOLE", "ten\r\nERROR", "WHOLE is 'ten��ERROR', but must be a whole number from 1 to 50.")]
    [InlineData("BIG", "x", "BIG is 'x', but must be a whole number.")]
    [InlineData("PART", "1,5", "PART is '1,5', but must be a number from 0.5 to 4.")]
    [InlineData("PART", "NaN", "PART is 'NaN', but must be a number from 0.5 to 4.")]
    [InlineData("PART", "Infinity", "PART is 'Infinity', but must be a number from 0.5 to 4.")]
    [InlineData("PART", "0.49", "PART is '0.49', but must be a number from 0.5 to 4.")]
    [InlineData("SWITCH", "maybe", "SWITCH is 'maybe', but must be 'true' or 'false'.")]
    [InlineData("CHOICE", "1", "CHOICE is '1', but must be 'first' or 'second'.")]
    [InlineData("CHOICE", "-1", "CHOICE is '-1', but must be 'first' or 'second'.")]
    [InlineData("CHOICE", "third", "CHOICE is 'third', but must be 'first' or 'second'.")]
    [InlineData("CHOICE", "first,second", "CHOICE is 'first,second', but must be 'first' or 'second'.")]
    public void A_wrong_value_is_told_with_what_is_allowed(string name, string value, string sentence) =>
        Problems<Sample>((name, value)).ShouldBe([sentence]);

    [Theory]
    [InlineData("s3.example.com")]
    [InlineData("ftp://key:hunter2@s3.example.com")]
    [InlineData("https//key:hunter2@s3.example.com")]
    [InlineData("hunter2")]
    public void A_wrong_address_is_not_quoted_since_it_may_hold_a_password(string value) =>
        Problems<Sample>(("ADDRESS", value))
            .ShouldBe(["ADDRESS is not a URL that can be used; it must be an absolute http or https URL."]);

    [Fact]
    public void All_wrong_values_are_told_together() =>
        Problems<Sample>(("WHOLE", "x"), ("NAME", "right"), ("CHOICE", "x"), ("PART", "x")).Count.ShouldBe(3);

    [Fact]
    public void A_long_value_is_cut() =>
        Problems<Sample>(("WHOLE", new string('9', 5000)))[0].Length.ShouldBeLessThan(200);

    [Theory]
    [InlineData("de-DE")]
    [InlineData("tr-TR")]
    [InlineData("fa-IR")]
    public void The_language_of_the_system_changes_nothing(string culture)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
        try
        {
            // A Turkish i has no capital I, a German 1.5 is 15, a Persian minus is another.
            var read = Read<Sample>(("PART", "1.5"), ("CHOICE", "FIRST"), ("SWITCH", "TRUE"), ("BIG", "-5"));
            (read.Part, read.Choice, read.Switch, read.Big).ShouldBe((1.5, Choice.First, true, -5));
            Problems<Sample>(("PART", "9.5")).ShouldBe(["PART is '9.5', but must be a number from 0.5 to 4."]);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void No_secret_can_reach_a_message()
    {
        string[] secrets =
        [
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "BUCKET_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
        ];
        foreach (var secret in secrets)
        {
            // Beside settings that are wrong, and with a text that is no number, no URL and no name.
            Problems<DeliveryOptions>(
                    (secret, "hunter2\n'"),
                    ("RETENTION_DAYS", "0"),
                    ("BUCKET_ENDPOINT_URL", "hunter2")
                )
                .ShouldAllBe(problem => !problem.Contains("hunter2", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_engine_and_the_device_are_names()
    {
        Read<SpeechSettings>(("VIBEVOICE_ENGINE", "Preview"), ("MODEL_DEVICE", "cpu"))
            .Engine.ShouldBe(SpeechEngine.Preview);
        Problems<SpeechSettings>(("VIBEVOICE_ENGINE", "1"), ("MODEL_DEVICE", "gpu"))
            .ShouldBe([
                "VIBEVOICE_ENGINE is '1', but must be 'vibevoice' or 'preview'.",
                "MODEL_DEVICE is 'gpu', but must be 'cpu' or 'cuda' or 'auto'.",
            ]);
    }

    private static T Read<T>(params (string Name, string? Value)[] settings)
        where T : new() =>
        SettingsReader.Read<T>(
            new ConfigurationBuilder()
                .AddInMemoryCollection(settings.ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal))
                .Build()
        );

    private static IReadOnlyList<string> Problems<T>(params (string Name, string? Value)[] settings)
        where T : new() => Should.Throw<SettingsException>(() => Read<T>(settings)).Problems;

    private sealed record Sample
    {
        [Setting("WHOLE", "A whole number.")]
        [Range(1, 50)]
        public int Whole { get; init; } = 5;

        [Setting("BIG", "A large one.")]
        public long? Big { get; init; }

        [Setting("PART", "A number.")]
        [Range(0.5, 4.0)]
        public double Part { get; init; } = 1;

        [Setting("SWITCH", "On or off.")]
        public bool Switch { get; init; }

        [Setting("CHOICE", "One of two.")]
        public Choice Choice { get; init; }

        [Setting("ADDRESS", "A URL.")]
        public Uri? Address { get; init; }

        [Setting("NAME", "Any text.")]
        public string? Name { get; init; }
    }

    private enum Choice
    {
        First,
        Second,
    }
}
