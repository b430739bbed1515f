// Asks for speech as npm's openai does it: node openai-speech.mjs BASE_URL KEY MODE, with MODE plain, stream or sse, or models
// or refused. Prints one line of JSON: what a test wants to know.
import OpenAI from "openai";

const [baseURL, apiKey, mode] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const request = { model: "gpt-4o-mini-tts", input: "Hello there.", voice: "alloy", response_format: "pcm" };

async function ask() {
  switch (mode) {
    case "plain": {
      const answer = await client.audio.speech.create(request);
      return { bytes: (await answer.arrayBuffer()).byteLength, type: answer.headers.get("content-type") };
    }
    case "stream": {
      const answer = await client.audio.speech.create(request);
      let bytes = 0;
      let pieces = 0;
      for await (const piece of answer.body) {
        bytes += piece.byteLength;
        pieces++;
      }
      return { bytes, pieces };
    }
    case "sse": {
      const answer = await client.audio.speech.create({ ...request, stream_format: "sse" });
      const events = (await answer.text())
        .split("\n\n")
        .filter((event) => event.startsWith("data: {"))
        .map((event) => JSON.parse(event.slice("data: ".length)));
      const deltas = events.filter((event) => event.type === "speech.audio.delta");
      const bytes = deltas.reduce((sum, event) => sum + Buffer.from(event.audio, "base64").length, 0);
      return { bytes, usage: events.at(-1).usage };
    }
    case "models": {
      const models = [];
      for await (const model of client.models.list()) {
        models.push(model.id);
      }
      return { models, one: (await client.models.retrieve("tts-1")).id };
    }
    default: {
      const error = await client.audio.speech.create({ ...request, voice: "nobody" }).catch((thrown) => thrown);
      return {
        kind: error.constructor.name,
        status: error.status,
        code: error.code,
        param: error.param,
        hasId: Boolean(error.requestID),
      };
    }
  }
}

console.log(JSON.stringify(await ask()));
