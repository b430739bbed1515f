using VibeVoice.Server.Commands;

return await CommandLine.RunAsync(args);
