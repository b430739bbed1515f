// The card with the request in other people's languages: one tab each, and a button that copies.

import { addressOf } from "./server.js";
import { snippets } from "./snippets.js";

const element = (id) => document.getElementById(id);

/** What is spoken where the user has typed nothing yet. */
const example = "Hello there.";

export class Code {
  #language = "curl";
  #request = null;
  #tabs = [...document.querySelectorAll("[role=tab]")];

  constructor() {
    element("base").textContent = addressOf("v1");
    for (const tab of this.#tabs) {
      tab.addEventListener("click", () => this.#choose(tab));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step) {
          const next = this.#tabs.at((this.#tabs.indexOf(tab) + step) % this.#tabs.length);
          this.#choose(next);
          next.focus();
        }
      });
    }

    element("copy").addEventListener("click", () => this.#copy());
  }

  /**
   * @param {object} fields Of the request.
   * @param {boolean} needsKey Whether the server wants a key, which is only named here.
   */
  show(fields, needsKey) {
    this.#request = {
      url: addressOf("v1/audio/speech"),
      body: { model: "tts-1", ...fields, input: fields.input.trim() || example },
      needsKey,
    };
    this.#draw();
  }

  #choose(tab) {
    this.#language = tab.id.slice("tab-".length);
    for (const other of this.#tabs) {
      other.ariaSelected = String(other === tab);
      other.tabIndex = other === tab ? 0 : -1;
    }

    element("snippet").setAttribute("aria-labelledby", tab.id);
    this.#draw();
  }

  #draw() {
    element("snippet-text").textContent = snippets[this.#language](this.#request);
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(element("snippet-text").textContent);
      this.#say("Copied");
    } catch {
      // Only pages that came over https, or from this machine, may write there; a selection can still be copied by hand.
      getSelection().selectAllChildren(element("snippet-text"));
      this.#say("Selected: press Ctrl+C");
    }
  }

  #say(what) {
    element("copy").textContent = what;
    setTimeout(() => (element("copy").textContent = "Copy"), 2000);
  }
}
