// The sound of one request: 16-bit samples as they come, their peaks for the eye, and the file that they make.

/** Peaks in a second; finer than any screen shows. */
export const peaksPerSecond = 200;

export class Take {
  /** The first sample of each chunk. */
  #starts = [];
  #chunks = [];
  #halfSample = null;

  /** @param {number} sampleRate Of the samples. */
  constructor(sampleRate) {
    this.sampleRate = sampleRate;
    /** Samples so far. */
    this.length = 0;
    /** Whether no more will come. */
    this.isClosed = false;
    /** Whether it is all of the text. */
    this.isWhole = false;
    /** Largest magnitude in each stretch of 1 / peaksPerSecond, 0 to 1. */
    this.peaks = [];
    this.loudest = 0;
  }

  get seconds() {
    return this.length / this.sampleRate;
  }

  /** Takes bytes as the network cuts them, also in the middle of a sample. */
  add(bytes) {
    let rest = bytes;
    if (this.#halfSample !== null && rest.length > 0) {
      this.#append(Int16Array.of(((rest[0] << 8) | this.#halfSample) << 16 >> 16));
      this.#halfSample = null;
      rest = rest.subarray(1);
    }

    if (rest.length % 2 === 1) {
      this.#halfSample = rest[rest.length - 1];
      rest = rest.subarray(0, rest.length - 1);
    }

    if (rest.length > 0) {
      const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
      const samples = new Int16Array(rest.length / 2);
      for (let i = 0; i < samples.length; i++) {
        samples[i] = view.getInt16(i * 2, true);
      }

      this.#append(samples);
    }
  }

  #append(samples) {
    this.#starts.push(this.length);
    this.#chunks.push(samples);
    for (let i = 0; i < samples.length; i++) {
      const index = Math.floor(((this.length + i) * peaksPerSecond) / this.sampleRate);
      const magnitude = Math.abs(samples[i]) / 32768;
      if (magnitude > (this.peaks[index] ?? -1)) {
        this.peaks[index] = magnitude;
      }

      this.loudest = Math.max(this.loudest, magnitude);
    }

    this.length += samples.length;
  }

  /** Up to `count` samples from `position` on, as Web Audio has them. */
  read(position, count) {
    const samples = new Float32Array(Math.max(0, Math.min(count, this.length - position)));
    let filled = 0;
    for (let index = this.#chunkAt(position); filled < samples.length; index++) {
      const chunk = this.#chunks[index];
      let at = position + filled - this.#starts[index];
      while (at < chunk.length && filled < samples.length) {
        samples[filled++] = chunk[at++] / 32768;
      }
    }

    return samples;
  }

  #chunkAt(position) {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle] <= position) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }

    return low;
  }

  /** The samples as a file without a head. */
  toPcm() {
    return new Blob(this.#chunks.map(littleEndian), { type: "audio/pcm" });
  }

  /** The samples as a wave file that says, as those of the server do, that a machine spoke. */
  toWav(generatedBy) {
    const data = this.length * 2;
    const info = listChunk({ ICMT: `AI-generated speech by ${generatedBy}`, ISFT: generatedBy });
    const head = new DataView(new ArrayBuffer(44));
    const write = (at, text) => [...text].forEach((letter, i) => head.setUint8(at + i, letter.charCodeAt(0)));
    write(0, "RIFF");
    head.setUint32(4, 36 + data + info.length, true);
    write(8, "WAVEfmt ");
    head.setUint32(16, 16, true);
    head.setUint16(20, 1, true);
    head.setUint16(22, 1, true);
    head.setUint32(24, this.sampleRate, true);
    head.setUint32(28, this.sampleRate * 2, true);
    head.setUint16(32, 2, true);
    head.setUint16(34, 16, true);
    write(36, "data");
    head.setUint32(40, data, true);
    return new Blob([head.buffer, ...this.#chunks.map(littleEndian), info], { type: "audio/wav" });
  }
}

/** Every machine that browsers run on keeps numbers so; one that did not would be heard as noise. */
function littleEndian(samples) {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) {
    return samples;
  }

  const view = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((sample, i) => view.setInt16(i * 2, sample, true));
  return view.buffer;
}

/** RIFF's list of facts about a file. */
function listChunk(facts) {
  const encoder = new TextEncoder();
  const parts = Object.entries(facts).map(([name, text]) => {
    const content = encoder.encode(text + "\0");
    return chunk(name, content);
  });
  return chunk("LIST", concat([encoder.encode("INFO"), ...parts]));
}

function chunk(name, content) {
  const whole = new Uint8Array(8 + content.length + (content.length % 2));
  whole.set(new TextEncoder().encode(name));
  new DataView(whole.buffer).setUint32(4, content.length, true);
  whole.set(content, 8);
  return whole;
}

function concat(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}
