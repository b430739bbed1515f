namespace VibeVoice.Tests;

/// <summary>A class of tests that speak with the recorded checkpoint.</summary>
public abstract class TinyModelTest : IAsyncLifetime
{
    protected VibeVoiceModel Model { get; private set; } = null!;

    protected ModelVoice Voice { get; private set; } = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        Model = await VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, new ModelOptions { Threads = 1 }, Cancellation);
        Voice = Model.LoadVoice(GoldenFiles.TinyVoice);
    }

    public ValueTask DisposeAsync()
    {
        Model.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
