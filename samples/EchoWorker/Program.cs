using EchoWorker;
using RunPod.Worker;

var settings = EchoSettings.FromEnvironment();
var options = RunPodWorkerOptions.FromProcess(args) with { Concurrency = settings.Concurrency };

return settings.Streams
    ? await RunPodWorker.RunAsync(new EchoStreamHandler(), EchoJson.Default, options)
    : await RunPodWorker.RunAsync(new EchoHandler(), EchoJson.Default, options);
