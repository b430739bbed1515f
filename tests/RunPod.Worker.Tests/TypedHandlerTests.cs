using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RunPod.Worker.Tests;

public sealed partial class TypedHandlerTests
{
    [Fact]
    public async Task Input_and_output_are_types()
    {
        var handler = JobHandlers.Create(new Doubler(), NumbersJson.Default);

        (await AnswerOf("""{"input": {"value": 21}}""", handler)).ShouldBe("""{"output":{"value":42}}""");
    }

    [Fact]
    public async Task A_delegate_does_as_well()
    {
        var handler = JobHandlers.Create(
            (Number number, JobContext job, CancellationToken _) =>
                Task.FromResult(new Number(number.Value + job.Id.Length)),
            NumbersJson.Default
        );

        (await AnswerOf("""{"id": "1234", "input": {"value": 1}}""", handler)).ShouldBe("""{"output":{"value":5}}""");
    }

    [Fact]
    public async Task A_stream_is_made_of_types()
    {
        var handler = JobHandlers.CreateStream(new Counter(), NumbersJson.Default);

        (await AnswerOf("""{"input": {"value": 2}}""", handler)).ShouldBe("""{"output":[{"value":0},{"value":1}]}""");
    }

    [Theory]
    [InlineData(
        """{"value": "x"}""",
        "'input.value' cannot be read: Cannot get the value of a token type 'String' as a number."
    )]
    [InlineData("[]", "'input' cannot be read:")]
    [InlineData("{}", "'input' cannot be read:")]
    public async Task An_input_that_does_not_fit_is_the_clients_fault_and_says_where(string input, string expected)
    {
        var handler = JobHandlers.Create(new Doubler(), NumbersJson.Default);

        var answer = JsonElement.Parse(await AnswerOf($$"""{"input": {{input}}}""", handler));

        answer.GetProperty("error").GetString()!.ShouldStartWith(expected);
    }

    [Fact]
    public async Task A_piece_that_is_no_json_fails_the_job_with_the_reason()
    {
        var handler = JobHandlers.CreateStream(
            (Number _, JobContext _, CancellationToken token) => NotANumber(token),
            NumbersJson.Default
        );

        var answer = JsonElement.Parse(await AnswerOf("""{"input": {"value": 2}}""", handler));

        answer.GetProperty("error").GetString()!.ShouldStartWith("A piece of the stream cannot be written as JSON");
    }

    [Fact]
    public void A_type_that_the_context_does_not_know_is_told_before_the_start() =>
        Should
            .Throw<ArgumentException>(() => JobHandlers.Create(new Timer(), NumbersJson.Default))
            .Message.ShouldStartWith(
                "NumbersJson does not know TimeSpan; add [JsonSerializable(typeof(TimeSpan))] to it."
            );

    private static async Task<string> AnswerOf(string job, JobHandler handler)
    {
        var result = await LocalJob.RunAsync(
            JsonElement.Parse(job),
            handler,
            new RunPodWorkerOptions(),
            TestContext.Current.CancellationToken
        );
        return result.Answer.ToJsonString();
    }

    private static async IAsyncEnumerable<double> NotANumber([EnumeratorCancellation] CancellationToken token)
    {
        await Task.Yield();
        token.ThrowIfCancellationRequested();
        yield return double.NaN;
    }

    private sealed record Number([property: JsonRequired] int Value);

    private sealed class Doubler : IJobHandler<Number, Number>
    {
        public Task<Number> HandleAsync(Number input, JobContext job, CancellationToken cancellationToken) =>
            Task.FromResult(new Number(input.Value * 2));
    }

    private sealed class Timer : IJobHandler<Number, TimeSpan>
    {
        public Task<TimeSpan> HandleAsync(Number input, JobContext job, CancellationToken cancellationToken) =>
            Task.FromResult(TimeSpan.Zero);
    }

    private sealed class Counter : IStreamJobHandler<Number, Number>
    {
        public async IAsyncEnumerable<Number> HandleAsync(
            Number input,
            JobContext job,
            [EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            for (var number = 0; number < input.Value; number++)
            {
                await Task.Yield();
                yield return new Number(number);
            }
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(Number))]
    [JsonSerializable(typeof(double))]
    private sealed partial class NumbersJson : JsonSerializerContext;
}
