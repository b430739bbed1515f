// One request from the click to the last byte, and the file that it becomes.

import { askForSpeech, askHowLong, ServerError } from "./server.js";
import { Take } from "./take.js";

/** Characters from which on it is worth knowing how much is still to come. */
const longText = 300;

/** Asks for speech and fills a take while it is being made. */
export class Speaking {
  #stop = new AbortController();
  #request;
  #onChange;

  /**
   * @param {object} request Without a format.
   * @param {number} sampleRate Of the server's samples.
   * @param {() => void} onChange Called when more is there, and at the end.
   */
  constructor(request, sampleRate, onChange) {
    this.#request = request;
    this.#onChange = onChange;
    this.take = new Take(sampleRate);
    this.begun = performance.now();
    /** "waiting" for the first sample, "making", "whole", "stopped" or "failed". */
    this.state = "waiting";
    /** What went wrong. */
    this.error = null;
    /** Headers of the answer. */
    this.engine = this.voice = this.seed = null;
    /** Seconds from the click to the last byte. */
    this.took = 0;
    /** Seconds that a long text will sound, about; null where nobody knows. */
    this.estimate = null;
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
    this.#estimate();
    try {
      const answer = await askForSpeech({ ...this.#request, response_format: "pcm" }, this.#stop.signal);
      this.engine = answer.headers.get("X-VibeVoice-Engine");
      this.seed = answer.headers.get("X-VibeVoice-Seed");
      this.voice = decodeURIComponent(answer.headers.get("X-VibeVoice-Voice") ?? "");
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

  /** Beside the speech, which does not wait for it. */
  async #estimate() {
    if (this.#request.input.length >= longText) {
      try {
        const seconds = await askHowLong(this.#request, this.#stop.signal);
        this.estimate = seconds && seconds / (this.#request.speed ?? 1);
        this.#onChange();
      } catch {
        // What is wrong with the request is told by the speech itself.
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

  /**
   * The whole of it as a file: from the samples where all are here and are the file, else made again by the server with the same seed.
   * @param {string} format What the server knows it by.
   * @param {string} generatedBy The engine and its model, for a file that is made here.
   * @param {AbortSignal} signal Ends it.
   * @param {(bytes: number) => void} onProgress Told how much has come.
   */
  async toFile(format, generatedBy, signal, onProgress) {
    const isOfSamples = format === "wav" || format === "pcm";
    if (!isOfSamples) {
      const { pieces, type } = await this.#askAgain(format, signal, onProgress);
      return new Blob(pieces, { type });
    }

    // The server's own wave files do not know their length, since they are sent before it is known.
    let take = this.take;
    if (!take.isWhole) {
      take = new Take(take.sampleRate);
      (await this.#askAgain("pcm", signal, onProgress)).pieces.forEach((piece) => take.add(piece));
    }

    return format === "wav" ? take.toWav(generatedBy) : take.toPcm();
  }

  async #askAgain(format, signal, onProgress) {
    const seed = this.#request.seed ?? (this.seed === null ? undefined : Number(this.seed));
    const answer = await askForSpeech({ ...this.#request, seed, response_format: format }, signal);
    const pieces = [];
    let bytes = 0;
    const reader = answer.body.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      pieces.push(piece.value);
      bytes += piece.value.length;
      onProgress(bytes);
    }

    return { pieces, type: answer.headers.get("Content-Type") };
  }
}

function brokenOff(take) {
  return take.length > 0
    ? `The server broke off after ${take.seconds.toFixed(1)} s of sound. What was made until then can be played; press Speak to try again.`
    : "The connection broke before there was any sound; try again.";
}
