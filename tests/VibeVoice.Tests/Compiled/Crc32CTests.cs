using VibeVoice.Compiled;

namespace VibeVoice.Tests.Compiled;

/// <summary>The checksum is the one that others mean by its name.</summary>
public sealed class Crc32CTests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("123456789", 0xE3069283u)] // the check value of the catalogues
    public void Known_texts_have_their_known_checksums(string text, uint expected) =>
        Crc32C.Of(System.Text.Encoding.ASCII.GetBytes(text)).ShouldBe(expected);

    [Fact]
    public void Thirty_two_zeros_are_those_of_the_standard() => Crc32C.Of(new byte[32]).ShouldBe(0x8A9136AAu); // RFC 3720, B.4
}
