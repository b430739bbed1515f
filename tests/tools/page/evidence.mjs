// What can be known of a page without asking it: what its audio really carries, and what its browser complains of.

/** Collects errors of the page, and what its policy forbade. Answers that are errors are no complaints: tests ask for them. */
export async function watch(page, problems) {
  page.on("pageerror", (error) => problems.push(`thrown: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      problems.push(`console: ${message.text()}`);
    }
  });
  await page.exposeFunction("tellViolation", (text) => problems.push(`policy: ${text}`));
  await page.addInitScript(collect);
}

/** Runs in the page, before its own scripts: listens to whatever is connected to the loudspeaker. */
function collect() {
  const evidence = (window.evidence = { context: null, loudest: 0, now: 0, hertz: 0, askedAt: null, soundAt: null });
  addEventListener("securitypolicyviolation", (event) =>
    window.tellViolation(`${event.violatedDirective} forbids ${event.blockedURI || event.sample}`),
  );
  for (const kind of ["click", "keydown"]) {
    addEventListener(kind, () => (evidence.askedAt = evidence.soundAt === null ? performance.now() : evidence.askedAt), true);
  }

  let analyser = null;
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) {
      evidence.context = this.context;
      analyser = new AnalyserNode(this.context, { fftSize: 2048 });
      connect.call(this, analyser);
    }

    return connect.call(this, target, ...rest);
  };
  const samples = new Float32Array(2048);
  const bins = new Float32Array(1024);
  setInterval(() => {
    if (analyser) {
      analyser.getFloatTimeDomainData(samples);
      evidence.now = Math.max(...samples.map(Math.abs));
      evidence.loudest = Math.max(evidence.loudest, evidence.now);
      if (evidence.now > 0.01) {
        evidence.soundAt ??= performance.now();
        analyser.getFloatFrequencyData(bins);
        evidence.hertz = (bins.indexOf(Math.max(...bins)) * evidence.context.sampleRate) / 2048;
      }
    }
  }, 10);
}

/** What was heard so far. */
export function heard(page) {
  return page.evaluate(() => {
    const { context, loudest, now, hertz, askedAt, soundAt } = window.evidence;
    return { state: context?.state, seconds: context?.currentTime, loudest, now, hertz, delay: soundAt - askedAt };
  });
}

export function untilHeard(page) {
  return page.waitForFunction(() => window.evidence.soundAt !== null, null, { polling: 10 });
}

export function untilSilent(page) {
  return page.waitForFunction(() => window.evidence.now < 0.001 || window.evidence.context.state === "suspended");
}

/** Looked for at every picture that the browser draws: a locator's own waiting comes back up to half a second late. */
export function untilShown(page, selector) {
  return page.waitForFunction((found) => document.querySelector(found)?.checkVisibility(), selector);
}

export function untilSaid(page, words) {
  return page.waitForFunction((found) => document.body.innerText.includes(found), words);
}
