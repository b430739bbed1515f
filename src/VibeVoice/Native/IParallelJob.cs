namespace VibeVoice.Native;

/// <summary>Work in pieces that do not depend on each other.</summary>
internal interface IParallelJob
{
    /// <param name="piece">From 0.</param>
    /// <param name="worker">Which thread runs it, from 0; no two pieces run on one at a time.</param>
    void Run(int piece, int worker);
}
