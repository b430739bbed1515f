// The form: what the server offers goes in, the fields of a request come out.

/** Tempos that the slider stops at. */
const tempos = [0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.75, 2, 2.5, 3, 4];

/** The order that people look for; what else the server has follows. */
const formatOrder = ["mp3", "wav", "opus", "aac", "flac", "pcm"];

const languageNames = new Intl.DisplayNames("en", { type: "language", languageDisplay: "standard" });

export class Settings {
  #form;
  #offer = null;
  #tempos = tempos;

  /** @param {() => void} onChange Called when any field changes. */
  constructor(form, onChange) {
    this.#form = form;
    form.addEventListener("input", () => {
      this.#showSpeed();
      onChange();
    });
  }

  /** How many characters a text may have. */
  get mostCharacters() {
    return this.#offer?.max_text_characters ?? Infinity;
  }

  get format() {
    return this.#form.elements.format?.value ?? "mp3";
  }

  get voice() {
    return this.#form.elements.voice.value;
  }

  /** Puts in what the server has; what the user chose stays where it can. */
  fill(offer, voices) {
    this.#offer = offer;
    this.#fillVoices(voices, this.voice || offer.default_voice);
    this.#fillFormats(offer.formats);
    this.#fillSpeed(offer.speed);
    const { model, seed, steps, cfg } = this.#form.elements;
    model.disabled = !offer.steps;
    document.getElementById("model-note").hidden = Boolean(offer.steps);
    document.getElementById("guidance").hidden = !offer.cfg_scale;
    limit(seed, offer.seed);
    limit(steps, offer.steps);
    limit(cfg, offer.cfg_scale);
  }

  /** The fields of a request, but for its text and format; only those that differ from what is usual. */
  read() {
    const { seed, steps, cfg } = this.#form.elements;
    const number = (field) => (field.value === "" || field.matches(":disabled") ? undefined : Number(field.value));
    return {
      voice: this.voice || undefined,
      speed: this.speed === 1 ? undefined : this.speed,
      seed: number(seed),
      steps: number(steps),
      cfg_scale: this.#offer?.cfg_scale ? number(cfg) : undefined,
    };
  }

  get speed() {
    return this.#tempos[Number(this.#form.elements.speed.value)] ?? 1;
  }

  keepSeed(seed) {
    this.#form.elements.seed.value = seed;
    this.#form.elements.seed.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #fillVoices(voices, chosen) {
    const groups = Map.groupBy
      ? Map.groupBy(voices, (voice) => voice.language)
      : voices.reduce((map, voice) => map.set(voice.language, [...(map.get(voice.language) ?? []), voice]), new Map());
    const options = [...groups].map(([language, members]) => {
      const group = document.createElement("optgroup");
      group.label = members.some((voice) => !voice.is_experimental)
        ? nameOfLanguage(language)
        : `${nameOfLanguage(language)} (experimental)`;
      group.append(...members.map((voice) => new Option(nameOfVoice(voice), voice.id, false, voice.id === chosen)));
      return group;
    });
    this.#form.elements.voice.replaceChildren(...options);
  }

  #fillFormats(formats) {
    const chosen = this.format;
    const known = [...formats].sort((a, b) => rank(a) - rank(b));
    document.getElementById("formats").replaceChildren(
      ...known.map((format) => {
        const label = document.createElement("label");
        const radio = Object.assign(document.createElement("input"), {
          type: "radio",
          name: "format",
          value: format,
          checked: format === chosen,
        });
        const name = document.createElement("span");
        name.textContent = format;
        label.append(radio, name);
        return label;
      }),
    );
  }

  #fillSpeed({ minimum, maximum }) {
    const speed = this.speed;
    this.#tempos = tempos.filter((tempo) => tempo >= minimum && tempo <= maximum);
    const slider = this.#form.elements.speed;
    slider.max = this.#tempos.length - 1;
    slider.value = this.#tempos.indexOf(speed);
    this.#showSpeed();
  }

  #showSpeed() {
    const text = `${this.speed.toFixed(2)}×`;
    document.getElementById("speed-value").textContent = text;
    this.#form.elements.speed.setAttribute("aria-valuetext", `${this.speed} times`);
  }
}

function limit(field, offered) {
  if (offered) {
    field.min = offered.minimum;
    field.max = offered.maximum;
    field.placeholder = offered.default ?? "another each time";
  }
}

function rank(format) {
  const index = formatOrder.indexOf(format);
  return index < 0 ? formatOrder.length : index;
}

function nameOfLanguage(tag) {
  try {
    return tag === "und" ? "Other" : languageNames.of(tag);
  } catch {
    return tag;
  }
}

/** "Emma (woman)" of "en-Emma_woman"; voices of the user's own keep their whole name. */
function nameOfVoice({ id, gender }) {
  const speaker = /^[a-z]{2}-(.+)_(?:wo)?man$/.exec(id)?.[1];
  return speaker ? `${speaker.replace(/^Spk(\d+)$/, "Speaker $1")} (${gender})` : id;
}
