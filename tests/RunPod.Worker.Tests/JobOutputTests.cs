using System.Text;
using System.Text.Json;
using RunPod.Worker.Jobs;

namespace RunPod.Worker.Tests;

public sealed class JobOutputTests
{
    [Theory]
    [InlineData("1.5", """{"output":1.5}""")]
    [InlineData("null", """{"output":null}""")]
    [InlineData("{}", """{"output":{}}""")]
    [InlineData("""{"a":{"error":"inner"}}""", """{"output":{"a":{"error":"inner"}}}""")]
    [InlineData("""[{"error":"x"}]""", """{"output":[{"error":"x"}]}""")]
    [InlineData("""{"output":1}""", """{"output":{"output":1}}""")]
    [InlineData("""{"a":1,"error":"bad"}""", """{"output":{"a":1},"error":"bad"}""")]
    [InlineData(""" {"error":"bad"} """, """{"error":"bad"}""")]
    [InlineData("""{"error":["a",1]}""", """{"error":"[\"a\",1]"}""")]
    [InlineData("""{"a":1,"error":null}""", """{"output":{"a":1}}""")]
    [InlineData("""{"error":""}""", """{"output":{}}""")]
    [InlineData("""{"a":1,"refresh_worker":true}""", """{"output":{"a":1},"stopPod":true}""")]
    [InlineData("""{"refresh_worker":true}""", """{"stopPod":true}""")]
    [InlineData("""{"a":1,"refresh_worker":0}""", """{"output":{"a":1}}""")]
    public void An_output_becomes_the_body_that_runpod_expects(string output, string body) =>
        Encoding
            .UTF8.GetString(JobOutcome.Output(Encoding.UTF8.GetBytes(output), isRefresh: false).Body.Span)
            .ShouldBe(body);

    [Theory]
    [InlineData("")]
    [InlineData("NaN")]
    [InlineData("{\"a\":1")]
    [InlineData("1 2")]
    public void What_is_not_one_json_value_is_no_output(string output) =>
        Should.Throw<JsonException>(() => JobOutcome.Output(Encoding.UTF8.GetBytes(output), isRefresh: false));

    [Fact]
    public void Deep_outputs_pass()
    {
        var deep = $"{new string('[', 400)}{new string(']', 400)}";

        JobOutcome.Output(Encoding.UTF8.GetBytes(deep), isRefresh: false).Succeeded.ShouldBeTrue();
    }
}
