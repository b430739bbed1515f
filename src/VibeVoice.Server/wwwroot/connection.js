// Learns what the server is, and asks the user for a key where it needs one.

import { keepKey, readKey, readPhase, readVersion, readVoices } from "./server.js";

const element = (id) => document.getElementById(id);

/** Between two questions whether the model is loaded. */
const patience = 1000;

export class Connection {
  #onFound;
  #onProblem;

  /**
   * @param {(version: object, voices: object[]) => void} onFound Called when the server has told what it is.
   * @param {(message: string | null) => void} onProblem Called with what is wrong, in a sentence, or with null.
   */
  constructor(onFound, onProblem) {
    this.#onFound = onFound;
    this.#onProblem = onProblem;
    /** What the server has told of itself. */
    this.version = null;
    this.needsKey = Boolean(readKey());
    element("key-form").addEventListener("submit", (event) => {
      event.preventDefault();
      keepKey(element("key").value.trim());
      element("key").value = "";
      this.open();
    });
    element("forget").addEventListener("click", () => {
      keepKey("");
      element("forget").hidden = true;
      this.open();
    });
  }

  async open() {
    try {
      const version = await readVersion();
      const voices = await readVoices();
      this.version = version;
      const wasAsked = !element("key-form").hidden;
      element("key-form").hidden = true;
      element("main").hidden = false;
      if (wasAsked) {
        element("text").focus();
      }

      element("forget").hidden = !readKey();
      element("docs").hidden = this.needsKey; // a link cannot send it
      // The commit's first letters are enough here; /version has all of them.
      element("version").textContent = `vibevoice ${version.version.replace(/(?<=\+.{7}).+/, "")}`;
      element("badge").hidden = element("preview-note").hidden = version.engine !== "preview";
      this.#onFound(version, voices);
      await this.#watch();
    } catch (error) {
      if (error.status === 401) {
        this.askForKey(readKey() ? error.message : "");
      } else {
        showPhase("draining", "Not connected");
        this.#onProblem(error.message);
      }
    }
  }

  /** @param {string} problem What is wrong with the one that was sent; empty where there was none. */
  askForKey(problem) {
    this.needsKey = true;
    showPhase("draining", "Needs a key");
    element("docs").hidden = true;
    element("key-form").hidden = false;
    element("main").hidden = !this.version; // a form that knows no voices helps nobody
    element("key-error").textContent = problem;
    element("key").ariaInvalid = String(Boolean(problem));
    element("key").focus();
  }

  async #watch() {
    const phase = await readPhase();
    if (phase === "loading") {
      showPhase(phase, "Loading the model…");
      setTimeout(() => this.open(), patience);
    } else {
      showPhase(phase, phase === "ready" ? this.version.model.split("/").at(-1) : "Stopping");
    }
  }
}

function showPhase(phase, name) {
  element("engine").dataset.phase = phase;
  element("engine-name").textContent = name;
}
