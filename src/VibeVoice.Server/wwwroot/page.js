// The page: joins the form, the server and the player, and shows how they are doing.

import { Code } from "./code.js";
import { Connection } from "./connection.js";
import { Player } from "./player.js";
import { Settings } from "./settings.js";
import { Speaking } from "./speaking.js";
import { Waveform } from "./waveform.js";

const element = (id) => document.getElementById(id);
const form = element("form");
const text = element("text");
const position = element("position");
const count = new Intl.NumberFormat("en");

const code = new Code();
const settings = new Settings(form, formChanged);
const player = new Player(changed);
const waveform = new Waveform(element("waveform"));
const connection = new Connection((version, voices) => {
  settings.fill(version.speech, voices);
  formChanged();
  changed();
  showError(null);
}, showError);

/** The request that is heard, or was. */
let speaking = null;

/** Seconds from the click to the first sound. */
let firstSound = null;

/** Ends the making of a file. */
let saving = null;

let lastStatus = "";

// --- Speaking ---------------------------------------------------------------------------------------------------------

async function speak() {
  speaking?.stop();
  showError(null);
  if (!text.value.trim()) {
    showError("There is no text yet; type some words.");
    text.focus();
    return;
  }

  const sampleRate = connection.version?.speech.sample_rate_hz ?? 24_000;
  const run = new Speaking({ input: text.value, ...settings.read() }, sampleRate, () => run === speaking && changed());
  speaking = run;
  firstSound = null;
  const opening = player
    .open(sampleRate)
    .catch(() => showError("This browser can play no sound here; the file can still be downloaded."));
  player.load(run.take);
  await Promise.all([run.run(), opening]);
  if (run === speaking && run.error) {
    showError(run.error.message);
    if (run.error.status === 401) {
      connection.askForKey(run.error.message);
      formChanged();
    }
  }
}

/** Whether there is something to stop. */
function isBusy() {
  return Boolean(speaking) && (speaking.isRunning || player.isActive);
}

function stop() {
  saving?.abort();
  if (isBusy()) {
    speaking.stop();
    player.stop();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  speak();
});
element("stop").addEventListener("click", stop);
element("keep-seed").addEventListener("click", () => settings.keepSeed(speaking.seed));
document.addEventListener("keydown", (event) => {
  if (event.isComposing) {
    return; // Escape and Enter are the input method's
  }

  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  } else if (event.key === "Escape") {
    stop();
  }
});

// --- Hearing it again -------------------------------------------------------------------------------------------------

element("play").addEventListener("click", () => (player.isActive ? player.pause() : player.play()));
position.addEventListener("pointerdown", (event) => {
  if (speaking?.take.length) {
    player.seek(waveform.sampleAt(event.offsetX));
  }
});
position.addEventListener("keydown", (event) => {
  const take = speaking?.take;
  const seconds = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
  const target = { Home: 0, End: take?.length }[event.key] ?? player.position + seconds * take?.sampleRate;
  if (take?.length && Number.isFinite(target)) {
    event.preventDefault();
    player.seek(target);
  }
});

// --- Keeping it -------------------------------------------------------------------------------------------------------

element("download").addEventListener("click", async () => {
  if (saving) {
    saving.abort();
    return;
  }

  const { format } = settings;
  saving = new AbortController();
  showDownload("Making the file…");
  try {
    const showBytes = (bytes) => showDownload(`${count.format(Math.ceil(bytes / 1000))} kB…`);
    const { engine, model } = connection.version ?? { engine: speaking.engine, model: "unknown" };
    const file = await speaking.toFile(format, `${engine} (${model})`, saving.signal, showBytes);
    save(file, `${speaking.voice || "speech"}.${format}`);
    say(`Saved as ${format}.`);
  } catch (error) {
    if (error.name !== "AbortError") {
      showError(error.status === undefined ? "The connection broke; try the download again." : error.message);
    }
  }

  saving = null;
  showDownload();
});

function save(file, name) {
  const url = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// --- What is shown ----------------------------------------------------------------------------------------------------

/** The form has other contents. */
function formChanged() {
  const characters = [...text.value.trim()].length;
  const most = settings.mostCharacters;
  element("counter").textContent = Number.isFinite(most)
    ? `${count.format(characters)} / ${count.format(most)}`
    : count.format(characters);
  element("counter").classList.toggle("over", characters > most);
  code.show({ input: text.value, ...settings.read(), response_format: settings.format }, connection.needsKey);
  showDownload();
}

/** The request or the player has come on. */
function changed() {
  const take = speaking?.take ?? null;
  if (take && firstSound === null && player.heard > 0) {
    firstSound = (performance.now() - speaking.begun) / 1000;
  }

  document.body.dataset.making = speaking?.state ?? "nothing";
  document.body.dataset.playing = player.state;
  waveform.show(take, player.position);
  showButtons();
  showPosition(take);
  showFigures();
  showDownload();
  const status = statusNow();
  if (status !== lastStatus) {
    lastStatus = status;
    say(status);
  }
}

function showButtons() {
  const focused = [element("speak"), element("stop")].includes(document.activeElement);
  element("speak").hidden = isBusy();
  element("stop").hidden = !isBusy();
  if (focused) {
    element(isBusy() ? "stop" : "speak").focus();
  }

  element("play").disabled = !speaking?.take.length;
  element("play").ariaLabel = player.isActive ? "Pause" : "Play";
}

function showPosition(take) {
  const made = take?.seconds ?? 0;
  const heard = take ? player.position / take.sampleRate : 0;
  element("heard").textContent = clock(heard);
  element("made").textContent = clock(made) + (speaking?.isRunning && made > 0 ? soFar(made) : "");
  position.tabIndex = made > 0 ? 0 : -1;
  position.ariaDisabled = String(made === 0);
  position.ariaValueMax = made.toFixed(1);
  position.ariaValueNow = heard.toFixed(1);
  position.ariaValueText = `${clock(heard)} of ${clock(made)}`;
}

function soFar(made) {
  return speaking.estimate > made ? ` of about ${clock(speaking.estimate)}` : " so far";
}

function showFigures() {
  const factor = speaking?.realTimeFactor;
  const seed = connection.version?.speech.seed ? speaking?.seed : null;
  element("first-sound").textContent = firstSound === null ? "–" : `${firstSound.toFixed(2)} s`;
  element("factor").textContent = factor ? factor.toFixed(factor < 0.095 ? 3 : 2) : "–";
  element("spoken-by").textContent = speaking?.engine ?? "–";
  element("seed-used").textContent = seed ?? "";
  element("seed-figure").hidden = !seed;
}

/** @param {string} [name] What the button says; what it would do, where nothing is given. */
function showDownload(name) {
  if (name || !saving) {
    element("download-name").textContent = name ?? `Download ${settings.format}`;
    element("download").disabled = !speaking?.take.length || speaking.isRunning;
  }
}

function statusNow() {
  const seconds = () => `${speaking.take.seconds.toFixed(1)} s`;
  switch (speaking?.state) {
    case undefined:
      return "Press Speak, and listen while it is being made.";
    case "waiting":
      return "Waiting for the first sound…";
    case "failed":
      return player.isActive && speaking.take.length ? "Broken off; playing what there is." : "Not finished.";
    case "stopped":
      return `Stopped after ${seconds()}.`;
    case "making":
      return { waiting: "Catching up…", paused: "Paused; it is still being made." }[player.state] ?? "Speaking…";
    default:
      return { paused: "Paused.", ended: `Done: ${seconds()} of sound.` }[player.state] ?? "All made; playing.";
  }
}

/** Shown, and read out by a screen reader. */
function say(status) {
  element("status").textContent = status;
}

function showError(message) {
  element("error").textContent = message ?? "";
  element("error").hidden = !message;
  if (message) {
    element("error").scrollIntoView({ block: "nearest" });
  }
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

formChanged();
changed();
await connection.open();
