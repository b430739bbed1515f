using CsCheck;
using VibeVoice.Server.Batch;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Batch;

/// <summary>Where a book is cut, and that nothing is lost by it.</summary>
public sealed class ChapterSplitterTests
{
    private static readonly string[] Pieces =
    [
        "# One\n",
        "## Two ##\r\n",
        "### No heading\n",
        "Chapter 1\n",
        "CHAPTER IV. The end\r\n\r\n",
        "Kapitel 3\n",
        "\n",
        "\r\n\r\n",
        "\r",
        "```\n",
        "word ",
        "A sentence, and more. ",
        "A line.\n",
        "你好。",
        "[pause:1s] ",
        "* * *\n\n",
        "\t",
        "\u00a0",
        "\u3000",
        "\u2028",
        "![](cover.jpg)\n\n",
        new('x', 300),
    ];

    private static readonly Gen<string> Books = Gen.Int[0, Pieces.Length - 1]
        .Select(i => Pieces[i])
        .List[0, 60]
        .Select(pieces => string.Concat(pieces));

    [Fact]
    public void Parts_in_order_are_the_book_and_each_is_within_its_budget() =>
        Gen.Select(Books, Gen.Int[64, 500])
            .Sample(
                (book, budget) =>
                {
                    var template = new JobTemplate(new SpeechInput(), AudioFormat.Flac);
                    var chapters = ChapterSplitter.Split(book, HeadingRules.Usual, "A book");
                    var plan = BatchPlan.Create(book, chapters, budget, template);

                    return plan.Parts.All(part =>
                            part.Characters <= budget
                            && part.Characters == part.Text.EnumerateRunes().Count()
                            && part.Text.Trim() == part.Text
                        )
                        && plan.Parts.Select(part => part.Chapter)
                            .SequenceEqual(plan.Parts.Select(part => part.Chapter).Order())
                        && Audible(string.Concat(plan.Parts.Select(part => part.Text))) == Audible(book);
                }
            );

    [Theory]
    [InlineData("# The title #", "The title")]
    [InlineData("## 2. Two", "2. Two")]
    [InlineData("Chapter 12", "Chapter 12")]
    [InlineData("  CHAPTER IV. The title", "CHAPTER IV. The title")]
    [InlineData("Chapter Twenty-One: A name", "Chapter Twenty-One: A name")]
    [InlineData("**Chapter 5**", "Chapter 5")]
    [InlineData("Chapter 5 The Title", "Chapter 5 The Title")]
    [InlineData("Kapitel 3", "Kapitel 3")]
    [InlineData("3. Kapitel", "3. Kapitel")]
    [InlineData("Erstes Kapitel", "Erstes Kapitel")]
    [InlineData("Chapitre II — Le retour", "Chapitre II — Le retour")]
    [InlineData("PART THE SECOND", "PART THE SECOND")]
    [InlineData("Epilogue", "Epilogue")]
    [InlineData("第十二章 归来", "第十二章 归来")]
    public void A_heading_begins_a_chapter(string line, string title) =>
        Titles($"Before.\n\n{line}\n\nAfter.").ShouldBe(["A book", title]);

    [Theory]
    [InlineData("### Three")]
    [InlineData("#hashtag")]
    [InlineData("Chapter two was dull.")]
    [InlineData("Part of it was true")]
    [InlineData("chapter 3")]
    [InlineData("Book I read that year.")]
    [InlineData("Introduction to nothing in particular")]
    public void Anything_else_does_not(string line) => Titles($"Before.\n\n{line}\n\nAfter.").ShouldBe(["A book"]);

    [Fact]
    public void A_table_of_contents_and_comments_in_code_begin_none() =>
        Titles("CONTENTS\n\nChapter 1\nChapter 2\nChapter 3\n\n```\n# comment\n```\n\nChapter 1\n\nText.")
            .ShouldBe(["A book", "Chapter 1"]);

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void A_title_below_its_number_belongs_to_the_heading_however_lines_end(string end)
    {
        var text = $"CHAPTER I.{end}Down the Rabbit-Hole{end}{end}Alice was.{end}";

        var chapter = ChapterSplitter.Split(text, HeadingRules.Usual, "x").ShouldHaveSingleItem();

        chapter.Title.ShouldBe("CHAPTER I. Down the Rabbit-Hole");
        SpeechText.Prepare(chapter.Text)[0].Text.ShouldBe("CHAPTER I.\nDown the Rabbit-Hole\n\nAlice was.");
    }

    [Fact]
    public void A_book_of_one_endless_paragraph_is_one_chapter_of_many_parts()
    {
        var book = string.Concat(Enumerable.Repeat("On and on it goes, without an end. ", 3000));
        var template = new JobTemplate(new SpeechInput(), AudioFormat.Flac);

        var plan = BatchPlan.Create(book, ChapterSplitter.Split(book, HeadingRules.Usual, "x"), 2000, template);

        plan.Chapters.Count.ShouldBe(1);
        plan.Parts.Count.ShouldBeInRange(53, 70);
        plan.Parts.SkipLast(1).ShouldAllBe(part => part.End == ChunkBoundary.Sentence);
    }

    [Fact]
    public void What_has_no_words_once_its_marks_are_taken_out_is_no_job()
    {
        const string book = "![](cover.jpg)\n\n# One\n\nText.\n\n# ***\n\n---\n\n[pause:2s]\n\n# Two\n";
        var template = new JobTemplate(new SpeechInput { RemoveMarkdown = true }, AudioFormat.Flac);

        var plan = BatchPlan.Create(book, ChapterSplitter.Split(book, HeadingRules.Usual, "A book"), 200, template);

        plan.Chapters.Select(chapter => chapter.Title).ShouldBe(["One", "Two"]);
        plan.Parts.Select(part => (part.Chapter, part.Text)).ShouldBe([(0, "One\n\nText."), (1, "Two")]);
    }

    [Fact]
    public void A_pattern_is_the_only_rule_and_can_name_the_title()
    {
        var rules = HeadingRules.Of(@"^\[(?<title>.+)\]$");

        ChapterSplitter
            .Split("[One]\nText.\nChapter 2\n\n[Two]\nMore.", rules, "x")
            .Select(chapter => chapter.Title)
            .ShouldBe(["One", "Two"]);
        Should.Throw<JobRejectedException>(() => HeadingRules.Of("(")).Message.ShouldContain("--chapter-pattern");
    }

    [Fact]
    public void Refusals_of_this_programs_worker_are_known_as_such()
    {
        var sentences = System
            .Text.Json.JsonDocument.Parse(
                File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Queue", "bad-inputs.json"))
            )
            .RootElement.EnumerateArray()
            .Select(row => row.GetProperty("errors")[0].GetString()!)
            .Where(sentence => sentence.StartsWith("'text'", StringComparison.Ordinal))
            .ToList();

        sentences.Count.ShouldBeGreaterThan(3);
        sentences.ShouldAllBe(sentence => JobRefusal.FieldOf(sentence) == SpeechFieldNames.Job.Text);
        JobRefusal.FieldOf("'speed' is 9, but must be a number from 0.25 to 4.").ShouldBe("speed");
        JobRefusal.FieldOf("'ffmpeg' failed with exit code 1. It said nothing.").ShouldBeNull();
        JobRefusal.FieldOf("The job was lost.").ShouldBeNull();
    }

    private static IReadOnlyList<string> Titles(string text) =>
        [.. ChapterSplitter.Split(text, HeadingRules.Usual, "A book").Select(chapter => chapter.Title)];

    /// <summary>Letters and digits: marks of headings, and parts of nothing but marks and pauses, are not spoken.</summary>
    private static string Audible(string text) =>
        string.Concat(text.Replace("[pause:1s]", "", StringComparison.Ordinal).Where(char.IsLetterOrDigit));
}
