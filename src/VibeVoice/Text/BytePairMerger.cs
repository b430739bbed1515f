namespace VibeVoice.Text;

/// <summary>Joins neighbouring tokens, most common pair first, until no pair of the list is left.</summary>
/// <param name="merges">(left, right) → rank, lower first, and the token that the two become.</param>
/// <remarks>n log n in the length of the word, so that a page without a space is no attack. Thread-safe.</remarks>
internal sealed class BytePairMerger(IReadOnlyDictionary<(int Left, int Right), (int Rank, int Token)> merges)
{
    /// <summary>Appends what the tokens of one word become.</summary>
    public void Merge(ReadOnlySpan<int> word, List<int> output)
    {
        var tokens = word.ToArray();
        var next = new int[tokens.Length];
        var previous = new int[tokens.Length];
        var queue = new PriorityQueue<(int Position, int Left, int Right), (int Rank, int Position)>();
        for (var i = 0; i < tokens.Length; i++)
        {
            previous[i] = i - 1;
            next[i] = i + 1;
        }

        for (var i = 0; i + 1 < tokens.Length; i++)
        {
            Offer(i, i + 1);
        }

        const int merged = -1;
        while (queue.TryDequeue(out var pair, out _))
        {
            var left = pair.Position;
            var right = next[left];
            if (tokens[left] != pair.Left || right >= tokens.Length || tokens[right] != pair.Right)
            {
                continue; // one of the two became part of something else meanwhile
            }

            tokens[left] = merges[(pair.Left, pair.Right)].Token;
            tokens[right] = merged;
            next[left] = next[right];
            if (next[left] < tokens.Length)
            {
                previous[next[left]] = left;
                Offer(left, next[left]);
            }

            if (previous[left] >= 0)
            {
                Offer(previous[left], left);
            }
        }

        for (var i = 0; i < tokens.Length; i = next[i])
        {
            output.Add(tokens[i]);
        }

        void Offer(int left, int right)
        {
            if (merges.TryGetValue((tokens[left], tokens[right]), out var merge))
            {
                queue.Enqueue((left, tokens[left], tokens[right]), (merge.Rank, left));
            }
        }
    }
}
