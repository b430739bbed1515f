// Draws a take as bars: what was heard in the accent, what lies ahead in grey. It grows while the take is being made, from the
// left of a stretch of some seconds, and is drawn together where it becomes longer than that.

import { peaksPerSecond } from "./take.js";

/** What the whole width stands for at least while the end is not known, in seconds. */
const shortestSpan = 10;

const barWidth = 3;
const barStep = 5;

/** How much of the way to its new scale the drawing goes in a frame. */
const glide = 0.18;

export class Waveform {
  #canvas;
  #take = null;
  #position = 0;
  #span = shortestSpan;
  #frame = 0;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#ask()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#ask());
    this.#ask();
  }

  /** @param {number} position The next sample to be heard. */
  show(take, position) {
    if (take !== this.#take) {
      this.#span = shortestSpan;
    }

    this.#take = take;
    this.#position = position;
    this.#ask();
  }

  /** The sample under a place of the canvas, in pixels from its left edge. */
  sampleAt(x) {
    const seconds = (x / this.#canvas.clientWidth) * this.#span;
    return Math.round(Math.min(seconds, this.#take?.seconds ?? 0) * (this.#take?.sampleRate ?? 1));
  }

  #ask() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** Goes some way to where the scale should be; true when there. */
  #adjustSpan() {
    const seconds = this.#take?.seconds ?? 0;
    const target = this.#take?.isClosed && seconds > 0 ? seconds : Math.max(shortestSpan, seconds);
    const isThere = this.#calm.matches || Math.abs(target - this.#span) < target / 500;
    this.#span = isThere ? target : this.#span + (target - this.#span) * glide;
    return isThere;
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = devicePixelRatio || 1;
    if (this.#canvas.width !== Math.round(width * scale) || this.#canvas.height !== Math.round(height * scale)) {
      this.#canvas.width = Math.round(width * scale);
      this.#canvas.height = Math.round(height * scale);
    }

    const isThere = this.#adjustSpan();
    const colors = getComputedStyle(this.#canvas);
    const context = this.#canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const made = this.#take?.seconds ?? 0;
    const heard = this.#take ? this.#position / this.#take.sampleRate : 0;
    for (let x = 0; x + barWidth <= width; x += barStep) {
      const from = (x / width) * this.#span;
      const to = ((x + barStep) / width) * this.#span;
      const isMade = from < made;
      const bar = isMade ? Math.max(barWidth, this.#height(from, to) * height) : barWidth;
      context.fillStyle = colors.getPropertyValue(!isMade ? "--bar-ahead" : to <= heard ? "--accent" : "--bar");
      context.beginPath();
      context.roundRect(x, (height - bar) / 2, barWidth, bar, barWidth / 2);
      context.fill();
    }

    if (!isThere) {
      this.#ask();
    }
  }

  /** How high the bar of a stretch is, 1 for the loudest: between its largest and its mean peak, since all long ones have a large one. */
  #height(from, to) {
    const { peaks, loudest } = this.#take;
    const first = Math.floor(from * peaksPerSecond);
    const end = Math.min(peaks.length, Math.ceil(to * peaksPerSecond));
    let [largest, sum] = [0, 0];
    for (let i = first; i < end; i++) {
      largest = Math.max(largest, peaks[i] ?? 0);
      sum += peaks[i] ?? 0;
    }

    return loudest > 0 && end > first ? (largest + sum / (end - first)) / (2 * loudest) : 0;
  }
}
