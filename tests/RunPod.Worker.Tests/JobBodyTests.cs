using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Tests;

public sealed class JobBodyTests
{
    [Fact]
    public void Any_error_text_is_one_json_string() =>
        Gen.String.Sample(text =>
        {
            var body = JsonNode.Parse(JobBody.Result(output: null, text, isRefresh: false).Span)!.AsObject();
            body.Count.ShouldBe(1);
            body["error"]!.GetValue<string>().Length.ShouldBe(text.Length);
        });

    [Fact]
    public void Half_a_surrogate_pair_does_not_break_the_answer() =>
        Encoding
            .UTF8.GetString(JobBody.Result(output: null, "a\ud800b", isRefresh: false).Span)
            .ShouldBe("""{"error":"a\uFFFDb"}""");
}
