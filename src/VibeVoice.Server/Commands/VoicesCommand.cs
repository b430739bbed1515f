using System.CommandLine;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice voices</c>: the names that requests may use.</summary>
internal static class VoicesCommand
{
    public static Command Create()
    {
        var command = new Command("voices", "Lists the voices: name, language, gender.");
        command.SetGuardedAction(
            async (_, _) =>
            {
                var options = SettingsReader.Read<SpeechSettings>(Configuration.Load());
                PublishedVoices.Catalog.Find(options.DefaultVoice, out var standard);
                foreach (var voice in PublishedVoices.Catalog.Voices)
                {
                    var gender = voice.Gender.ToString().ToLowerInvariant();
                    var note =
                        voice == standard ? "default"
                        : voice.IsExperimental ? "experimental"
                        : "";
                    await Console.Out.WriteLineAsync(
                        $"{voice.Name, -16}{voice.Language, -8}{gender, -8}{note}".TrimEnd()
                    );
                }

                return ExitCode.Done;
            }
        );
        return command;
    }
}
