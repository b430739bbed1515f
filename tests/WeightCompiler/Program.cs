using System.Globalization;
using VibeVoice.Compiled;
using WeightCompiler;

// usage: WeightCompiler CHECKPOINT FOLDER TENSORS BYTES MILLISECONDS_OF_A_TENSOR SECONDS_OF_PATIENCE
var numbers = args[2..].Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
var tensors = new TestTensors(
    numbers[0],
    numbers[1],
    index =>
    {
        Console.WriteLine($"fills {index}");
        Thread.Sleep(numbers[2]);
    }
);
try
{
    using var weights = CompiledStore.Open(
        args[1],
        CompiledKey.Of(args[0], "int8", layout: 1, "cpu"),
        tensors.All,
        notice => Console.WriteLine($"notice: {notice}"),
        TimeProvider.System,
        TimeSpan.FromSeconds(numbers[3]),
        CancellationToken.None
    );
    // Before the file is read, whose pages would count.
    var peak = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
    Console.WriteLine(
        $"filled {tensors.Filled}, mapped {weights.Path is not null}, wrong '{tensors.FindWrong(weights)}'"
    );
    Console.WriteLine(peak);
    return 0;
}
catch (IOException exception)
{
    Console.WriteLine($"error: {exception.Message}");
    return 1;
}
