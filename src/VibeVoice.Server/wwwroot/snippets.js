// The request that the form stands for, in other people's languages. A key is named and never told.

const keyVariable = "VIBEVOICE_API_KEY";

/** @param {{ url: string, body: object, needsKey: boolean }} request */
export const snippets = {
  curl({ url, body, needsKey }) {
    return [
      `curl --fail-with-body --no-buffer ${shell(url)}`,
      ...(needsKey ? [`  -H "Authorization: Bearer $${keyVariable}"`] : []),
      "  -H 'Content-Type: application/json'",
      `  -d ${shell(JSON.stringify(body))}`,
      `  -o ${fileOf(body)}`,
    ].join(" \\\n");
  },

  csharp({ url, body, needsKey }) {
    return [
      ...(needsKey ? ["using System.Net.Http.Headers;"] : []),
      "using System.Text;",
      "",
      "using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };",
      ...(needsKey
        ? [
            "client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(",
            `    "Bearer", Environment.GetEnvironmentVariable("${keyVariable}"));`,
          ]
        : []),
      "",
      `using var request = new HttpRequestMessage(HttpMethod.Post, ${JSON.stringify(url)});`,
      "request.Content = new StringContent(",
      // In JSON no three quotes follow one another, so that they can be its frame.
      '    """',
      ...JSON.stringify(body, null, 2)
        .split("\n")
        .map((line) => `    ${line}`),
      '    """,',
      '    Encoding.UTF8, "application/json");',
      "",
      "// The headers come with the first sound; the rest is read while it is being made.",
      "using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);",
      "answer.EnsureSuccessStatusCode();",
      `await using var file = File.Create("${fileOf(body)}");`,
      "await answer.Content.CopyToAsync(file);",
    ].join("\n");
  },

  python({ url, body, needsKey }) {
    return [
      `import json${needsKey ? ", os" : ""}, shutil, urllib.request`,
      "",
      "request = urllib.request.Request(",
      `    ${JSON.stringify(url)},`,
      // Strings and numbers are written alike in both languages.
      `    data=json.dumps(${JSON.stringify(body, null, 4).replaceAll("\n", "\n    ")}).encode(),`,
      "    headers={",
      '        "Content-Type": "application/json",',
      ...(needsKey ? [`        "Authorization": "Bearer " + os.environ["${keyVariable}"],`] : []),
      "    },",
      ")",
      `with urllib.request.urlopen(request) as answer, open("${fileOf(body)}", "wb") as file:`,
      "    shutil.copyfileobj(answer, file)",
    ].join("\n");
  },
};

function fileOf(body) {
  return `speech.${body.response_format}`;
}

/** One argument for a POSIX shell, whatever is in it. */
function shell(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
