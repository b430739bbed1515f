using VibeVoice;

using var model = await VibeVoiceModel.LoadAsync("VibeVoice-Realtime-0.5B");
var voice = model.LoadVoice("VibeVoice-Realtime-0.5B/voices/en-Emma_woman.pt");
await WavFile.WriteAsync("hello.wav", model.SpeakAsync("Hello there.", voice));
