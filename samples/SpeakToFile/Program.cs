using VibeVoice;

// Speaks a text into a wav file:  SpeakToFile FOLDER VOICE TEXT FILE.wav
// FOLDER is a VibeVoice-Realtime checkpoint, VOICE one of its presets: a file, or the name of one in FOLDER/voices.
if (args is not [var folder, var voiceName, var text, var file])
{
    await Console.Error.WriteLineAsync("usage: SpeakToFile FOLDER VOICE TEXT FILE.wav");
    return 2;
}

// Ctrl+C ends the speech within one frame, and leaves no half file.
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

try
{
    // Loading takes seconds, so a program that speaks often loads once: one model serves many requests.
    using var model = await VibeVoiceModel.LoadAsync(folder, cancellationToken: stop.Token);
    var voice = model.LoadVoice(File.Exists(voiceName) ? voiceName : Path.Combine(folder, "voices", voiceName + ".pt"));

    // Nothing is computed yet: a speech is a stream of frames, and whoever reads it sets the pace.
    var speech = model.SpeakAsync(text, voice, new SpeakOptions { Seed = 1 }, stop.Token);
    await WavFile.WriteAsync(file, speech, stop.Token);

    var report = speech.Report;
    Console.WriteLine($"{file}: {report.Duration.TotalSeconds:0.00} s, {report.EndReason}");
    return report.EndedBeforeText ? 1 : 0; // the model may stop early; try another seed, or shorter text
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception exception)
    when (exception is ModelFormatException or WeightMismatchException or ArgumentException or IOException)
{
    // Each of these is a sentence for the person who chose the folder, the voice, the text or the file.
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
