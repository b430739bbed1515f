// Plays a take while it is being made, and again afterwards, from anywhere in it.

/** Sound that must be there before the first is heard, in seconds: one frame of the engine, 133 ms, is enough. */
const firstNeed = 0.1;

/** The same after the engine was too slow, at most: it doubles each time. */
const mostNeed = 3;

/** Sound that lies ready on the audio thread: what this thread may be busy for without being heard. */
const aheadSeconds = 5;

export class Player {
  #context = null;
  #node = null;
  #opening = null;
  #run = 0;
  #take = null;
  #start = 0;
  #fed = 0;
  #isLastTold = false;
  #onChange;

  /** @param {() => void} onChange Called whenever something of what can be read here has changed. */
  constructor(onChange) {
    this.#onChange = onChange;
    /** "idle", "waiting" for samples, "playing", "paused" or "ended". */
    this.state = "idle";
    /** The next sample to be heard. */
    this.position = 0;
    /** Samples other than 0 that were heard since it began here. */
    this.heard = 0;
    this.underruns = 0;
  }

  /** Whether something is heard, or will be as soon as it is there. */
  get isActive() {
    return this.state === "playing" || this.state === "waiting";
  }

  /** Opens the sound; only a click or a key of the user may. */
  open(sampleRate) {
    this.#opening ??= this.#open(sampleRate);
    // Not awaited: without a device it would never come.
    this.#context?.resume();
    return this.#opening;
  }

  async #open(sampleRate) {
    if (navigator.audioSession) {
      navigator.audioSession.type = "playback"; // else the switch of a phone's bell silences it
    }

    this.#context = new AudioContext({ sampleRate, latencyHint: "interactive" });
    await this.#context.audioWorklet.addModule(new URL("player-worklet.js", import.meta.url));
    this.#node = new AudioWorkletNode(this.#context, "speech-player", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#node.port.onmessage = ({ data }) => this.#report(data);
    this.#node.connect(this.#context.destination);
    this.#begin(0, false);
  }

  /** Plays another take, from its beginning. */
  load(take) {
    this.#take = take;
    this.#begin(0, false);
  }

  /** Looks again at how much there is of the take. */
  feed() {
    if (!this.#node || !this.#take) {
      return;
    }

    const wanted = this.position + aheadSeconds * this.#take.sampleRate - this.#fed;
    if (wanted > 0 && this.#fed < this.#take.length) {
      const samples = this.#take.read(this.#fed, wanted);
      this.#fed += samples.length;
      this.#post({ type: "samples", samples }, [samples.buffer]);
    }

    if (this.#take.isClosed && this.#fed === this.#take.length && !this.#isLastTold) {
      this.#isLastTold = true;
      this.#post({ type: "last" });
    }
  }

  play() {
    if (this.state === "ended") {
      this.#begin(0, false);
    } else if (this.state === "paused") {
      this.#context.resume();
      this.#post({ type: "pause", isPaused: false });
      this.#become("playing");
    }
  }

  pause() {
    if (this.isActive) {
      this.#post({ type: "pause", isPaused: true });
      this.#become("paused");
    }
  }

  /** Goes on from another sample. */
  seek(position) {
    const isPaused = this.state === "paused" || this.state === "ended";
    this.#begin(Math.max(0, Math.min(position, this.#take.length)), isPaused);
  }

  /** Silent at once, at the beginning of what there is. */
  stop() {
    this.#begin(0, true);
  }

  #begin(position, isPaused) {
    this.#run++;
    this.#start = this.#fed = this.position = position;
    this.heard = this.underruns = 0;
    this.#isLastTold = false;
    if (!this.#take) {
      return;
    }

    const rate = this.#take.sampleRate;
    this.#post({ type: "begin", run: this.#run, isPaused, need: firstNeed * rate, mostNeed: mostNeed * rate });
    this.#become(isPaused ? "paused" : "waiting");
    if (!isPaused) {
      this.#context?.resume();
    }

    this.feed();
  }

  #post(message, transfer = []) {
    this.#node?.port.postMessage(message, transfer);
  }

  #report(report) {
    if (report.run !== this.#run || this.state === "idle") {
      return;
    }

    this.position = this.#start + report.played;
    this.heard = report.heard;
    this.underruns = report.underruns;
    this.feed();
    if (this.state !== "paused") {
      this.#become(report.isEnd ? "ended" : report.isWaiting ? "waiting" : "playing");
    } else {
      this.#onChange();
    }
  }

  #become(state) {
    this.state = state;
    // A silent context would keep the device awake. The last step still fades out before.
    if (state === "ended" || state === "paused") {
      const run = this.#run;
      setTimeout(() => this.#run === run && this.state === state && this.#context?.suspend(), 150);
    }

    this.#onChange();
  }
}
