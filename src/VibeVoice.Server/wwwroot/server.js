// Asks the server that the page came from. A key, once given, goes with every request, and is kept in this tab alone.

const keyName = "vibevoice.key";

let keyInMemory = ""; // for browsers that forbid pages to keep anything

export function readKey() {
  try {
    return sessionStorage.getItem(keyName) ?? keyInMemory;
  } catch {
    return keyInMemory;
  }
}

export function keepKey(key) {
  keyInMemory = key;
  try {
    if (key) {
      sessionStorage.setItem(keyName, key);
    } else {
      sessionStorage.removeItem(keyName);
    }
  } catch {
    // It stays in memory.
  }
}

/** An answer that is an error, in the server's words. */
export class ServerError extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The whole address of a route, also where a proxy gives the server a path of its own. */
export function addressOf(path) {
  return new URL(path, document.baseURI).href;
}

/** GET, or POST where there is a body; throws a ServerError where the answer is one. */
async function ask(path, body, signal) {
  const headers = {};
  // Its own header: in front of the server there may be a proxy that wants Authorization for itself.
  if (readKey()) {
    headers["X-API-Key"] = readKey();
  }

  if (body) {
    headers["Content-Type"] = "application/json";
  }

  let answer;
  try {
    answer = await fetch(addressOf(path), {
      method: body ? "POST" : "GET",
      headers,
      body: body && JSON.stringify(body),
      cache: "no-store",
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") {
      throw error;
    }

    throw new ServerError("The server cannot be reached. Check that it runs and that you are online, then try again.", 0);
  }

  if (!answer.ok) {
    throw await errorOf(answer);
  }

  return answer;
}

async function errorOf(answer) {
  let told = null;
  try {
    told = (await answer.json()).error;
  } catch {
    // Not the server's own words: something between here and there answered.
  }

  let message = told?.message ?? `The answer was ${answer.status} ${answer.statusText}`.trim() + ".";
  const wait = Number(answer.headers.get("Retry-After"));
  if (wait > 0) {
    message += ` It can be tried again in ${wait === 1 ? "a second" : `${wait} seconds`}.`;
  }

  return new ServerError(message, answer.status, told?.code);
}

/** What the server is, and what it may be asked for. */
export async function readVersion() {
  return (await ask("version")).json();
}

/** The voices, without the other names that some of them have. */
export async function readVoices() {
  return (await (await ask("v1/audio/voices")).json()).data.filter((voice) => !voice.alias_of);
}

/** "loading", "ready" or "draining"; asks for no key. */
export async function readPhase() {
  const answer = await fetch(addressOf("ping"), { cache: "no-store" });
  return answer.status === 204 ? "loading" : answer.ok ? "ready" : "draining";
}

/** Asks for speech; resolves with the headers, as soon as there is sound. */
export function askForSpeech(body, signal) {
  return ask("v1/audio/speech", body, signal);
}

/** How long a text will sound at speed 1, rather too long; null where the engine cannot tell. */
export async function askHowLong(body, signal) {
  return (await (await ask("v1/audio/speech/preview-text", body, signal)).json()).estimated_seconds;
}
