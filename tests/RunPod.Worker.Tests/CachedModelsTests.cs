namespace RunPod.Worker.Tests;

public sealed class CachedModelsTests : IDisposable
{
    private readonly string _hub = Directory.CreateTempSubdirectory("hub-").FullName;

    public void Dispose() => Directory.Delete(_hub, recursive: true);

    [Fact]
    public void The_snapshot_that_main_names_is_found()
    {
        Has("models--microsoft--VibeVoice/snapshots/aaa");
        Has("models--microsoft--VibeVoice/snapshots/bbb");
        Has("models--microsoft--VibeVoice/refs");
        File.WriteAllText(Path.Combine(_hub, "models--microsoft--VibeVoice/refs/main"), "bbb\n");

        Find("microsoft/VibeVoice").ShouldBe("models--microsoft--VibeVoice/snapshots/bbb");
    }

    [Fact]
    public void Without_main_the_first_snapshot_is_found_and_case_may_differ()
    {
        Has("models--microsoft--vibevoice/snapshots/bbb");
        Has("models--microsoft--vibevoice/snapshots/aaa");

        Find("microsoft/VibeVoice").ShouldBe("models--microsoft--vibevoice/snapshots/aaa");
    }

    [Fact]
    public void A_model_that_is_not_there_is_null()
    {
        Has("models--microsoft--VibeVoice");

        Find("microsoft/VibeVoice").ShouldBeNull();
        Find("other/model").ShouldBeNull();
        CachedModels.Find("other/model", Path.Combine(_hub, "missing")).ShouldBeNull();
    }

    [Theory]
    [InlineData("model")]
    [InlineData("a/b/c")]
    [InlineData("../x")]
    [InlineData("/x")]
    public void A_name_of_another_form_is_refused(string model) =>
        Should.Throw<ArgumentException>(() => Find(model)).Message.ShouldContain($"'{model}'");

    private string? Find(string model) =>
        CachedModels.Find(model, _hub) is { } path ? Path.GetRelativePath(_hub, path) : null;

    private void Has(string folder) => Directory.CreateDirectory(Path.Combine(_hub, folder));
}
