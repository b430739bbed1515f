// One request from the click to the last byte, and the file that it becomes.

import { askForSpeech, ServerError } from "./server.js";
import { Take } from "./take.js";

/** Asks for speech and fills a take while it is being made. */
export class Speaking {
  #stop = new AbortController();
  #onChange;

  /**
   * @param {object} request Without a format.
   * @param {number} sampleRate Of the server's samples.
   * @param {() => void} onChange Called when more is there, and at the end.
   */
  constructor(request, sampleRate, onChange) {
    this.#onChange = onChange;
    this.take = new Take(request, sampleRate);
    this.begun = performance.now();
    /** "waiting" for the first sample, "making", "whole", "stopped" or "failed". */
    this.state = "waiting";
    /** What went wrong. */
    this.error = null;
    /** Headers of the answer. */
    this.engine = this.seed = this.ignored = null;
    /** Seconds from the click to the last byte. */
    this.took = 0;
  }

  get isRunning() {
    return this.state === "waiting" || this.state === "making";
  }

  /** Time to make the sound so far over time to hear it. */
  get realTimeFactor() {
    const took = this.isRunning ? (performance.now() - this.begun) / 1000 : this.took;
    return this.take.length > 0 ? took / this.take.seconds : null;
  }

  /** Never throws: see {@link error}. */
  async run() {
    try {
      const answer = await askForSpeech({ ...this.take.request, response_format: "pcm" }, this.#stop.signal);
      this.engine = answer.headers.get("X-VibeVoice-Engine");
      this.seed = answer.headers.get("X-VibeVoice-Seed");
      this.ignored = answer.headers.get("X-VibeVoice-Ignored");
      await this.#read(answer.body.getReader());
      this.take.isWhole = true;
      this.#end("whole");
    } catch (error) {
      if (this.#stop.signal.aborted) {
        this.#end("stopped");
      } else {
        this.error = error instanceof ServerError ? error : new ServerError(brokenOff(this.take), 0);
        this.#end("failed");
      }
    }
  }

  /** As fast as the bytes come, not as they are heard: so the server has its slot back soon. */
  async #read(reader) {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      this.take.add(piece.value);
      this.state = "making";
      this.#onChange();
    }
  }

  #end(state) {
    this.state = state;
    this.took = (performance.now() - this.begun) / 1000;
    this.take.isClosed = true;
    this.#onChange();
  }

  stop() {
    this.#stop.abort();
  }

  /** The take as a file: from the samples where they are the file, else made again by the server with the same seed. */
  async toFile(format, signal, onProgress) {
    if (this.take.isWhole && format === "pcm") {
      return this.take.toPcm();
    }

    if (this.take.isWhole && format === "wav") {
      return this.take.toWav(`vibevoice (${this.engine})`);
    }

    const hasSeed = !this.ignored?.includes("seed") && this.take.request.seed === undefined && this.seed !== null;
    const request = {
      ...this.take.request,
      seed: hasSeed ? Number(this.seed) : this.take.request.seed,
      response_format: format,
    };
    const answer = await askForSpeech(request, signal);
    const pieces = [];
    let bytes = 0;
    const reader = answer.body.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      pieces.push(piece.value);
      bytes += piece.value.length;
      onProgress(bytes);
    }

    return new Blob(pieces, { type: answer.headers.get("Content-Type") });
  }
}

function brokenOff(take) {
  return take.length > 0
    ? `The server broke off after ${take.seconds.toFixed(1)} s of sound. What was made until then can be played; press Speak to try again.`
    : "The connection broke before there was any sound; try again.";
}
