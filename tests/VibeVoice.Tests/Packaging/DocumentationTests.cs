using System.Xml.Linq;
using VibeVoice.Extensions.AI;

namespace VibeVoice.Tests.Packaging;

/// <summary>What a user reads while typing.</summary>
public sealed class DocumentationTests
{
    public static TheoryData<Type> PublicTypes =>
        [
            .. new[] { typeof(VibeVoiceModel).Assembly, typeof(VibeVoiceTextToSpeechClient).Assembly }.SelectMany(
                assembly => assembly.GetExportedTypes()
            ),
        ];

    [Theory]
    [MemberData(nameof(PublicTypes))]
    public void Every_public_type_says_which_threads_may_use_it_and_what_there_is_to_dispose(Type type)
    {
        var text = Documentation(type);

        text.ShouldMatch("(?i)thread");
        text.ShouldMatch("(?i)dispos");
    }

    [Fact]
    public void Types_that_are_disposed_say_when()
    {
        foreach (var type in PublicTypes.Select(row => row.Data).Where(IsDisposable))
        {
            Documentation(type).ShouldNotMatch("(?i)nothing to dispose");
        }
    }

    private static bool IsDisposable(Type type) =>
        typeof(IDisposable).IsAssignableFrom(type) || typeof(IAsyncDisposable).IsAssignableFrom(type);

    private static string Documentation(Type type)
    {
        var file = Path.ChangeExtension(type.Assembly.Location, ".xml");
        return XDocument
                .Load(file)
                .Descendants("member")
                .SingleOrDefault(member => (string?)member.Attribute("name") == $"T:{type.FullName}")
                ?.Value
            ?? throw new InvalidOperationException($"'{file}' has nothing about {type}.");
    }
}
