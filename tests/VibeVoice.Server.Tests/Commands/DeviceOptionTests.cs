using Microsoft.Extensions.Configuration;
using VibeVoice.Server.Commands;

namespace VibeVoice.Server.Tests.Commands;

public sealed class DeviceOptionTests
{
    [Theory]
    [InlineData(null, "cpu")]
    [InlineData(" ", "cpu")]
    [InlineData("auto", "auto")]
    [InlineData("cuda", "cuda")]
    public void A_command_at_a_machine_of_ones_own_computes_on_the_processor_unless_told_otherwise(
        string? setting,
        string expected
    )
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new(DeviceOption.Setting, setting)])
            .Build();

        configuration.WithProcessorAsDefault()[DeviceOption.Setting].ShouldBe(expected);
    }
}
