// Plays samples as they come, on the audio thread. Where they come too slowly it waits until there are some more than the
// last time, so that a slow engine is heard in few long pauses rather than in many short ones.

/** Quanta of 128 samples between two reports: 64 ms at 24 kHz. */
const quantaPerReport = 12;

/** How fast the step at a cut fades: to a hundredth in 6 ms at 24 kHz. A bare step is a click. */
const fade = 0.97;

class SpeechPlayer extends AudioWorkletProcessor {
  #chunks = [];
  #at = 0;
  #buffered = 0;
  #isLast = false;
  #isPaused = true;
  #isWaiting = true;
  #isSilent = true;
  #need = 0;
  #mostNeed = 0;
  #run = 0;
  #played = 0;
  #heard = 0;
  #underruns = 0;
  #quanta = 0;
  #step = 0;
  #output = 0;
  #isEndTold = false;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#take(data);
  }

  #take(message) {
    switch (message.type) {
      case "begin":
        this.#chunks = [];
        this.#at = this.#buffered = this.#played = this.#heard = this.#underruns = 0;
        this.#isLast = this.#isEndTold = false;
        this.#isWaiting = true;
        this.#isSilent = true;
        this.#isPaused = message.isPaused;
        this.#need = message.need;
        this.#mostNeed = message.mostNeed;
        this.#run = message.run;
        break;
      case "samples":
        this.#chunks.push(message.samples);
        this.#buffered += message.samples.length;
        break;
      case "last":
        this.#isLast = true;
        break;
      case "pause":
        this.#isPaused = message.isPaused;
        break;
    }
  }

  process(_, [[output]]) {
    if (this.#isWaiting && (this.#isLast || this.#buffered >= this.#need)) {
      this.#isWaiting = false;
    }

    const heardBefore = this.#heard;
    for (let i = 0; i < output.length; i++) {
      const isSilent = this.#isPaused || this.#isWaiting || this.#buffered === 0;
      const sample = isSilent ? 0 : this.#next();
      if (isSilent !== this.#isSilent) {
        this.#step = this.#output - sample;
        this.#isSilent = isSilent;
      }

      this.#step *= fade;
      this.#output = output[i] = sample + this.#step;
      if (sample !== 0) {
        this.#heard++;
      }

      if (this.#buffered === 0 && !this.#isLast && !this.#isWaiting && !this.#isPaused) {
        this.#isWaiting = true;
        this.#underruns += this.#played > 0 ? 1 : 0;
        this.#need = Math.min(this.#mostNeed, this.#need * 2);
      }
    }

    const isEnd = this.#isLast && this.#buffered === 0 && !this.#isEndTold;
    this.#isEndTold ||= isEnd;
    if (++this.#quanta % quantaPerReport === 0 || isEnd || (heardBefore === 0 && this.#heard > 0)) {
      this.port.postMessage({
        run: this.#run,
        played: this.#played,
        heard: this.#heard,
        underruns: this.#underruns,
        isWaiting: this.#isWaiting,
        isEnd: this.#isLast && this.#buffered === 0,
      });
    }

    return true;
  }

  #next() {
    const chunk = this.#chunks[0];
    const sample = chunk[this.#at++];
    this.#buffered--;
    this.#played++;
    if (this.#at === chunk.length) {
      this.#chunks.shift();
      this.#at = 0;
    }

    return sample;
  }
}

registerProcessor("speech-player", SpeechPlayer);
