// What people do on the page. Each scenario opens what it needs, asserts what must be seen, and returns what the test still wants to know.
import assert from "node:assert/strict";
import { heard, untilHeard, untilSaid, untilShown, untilSilent } from "./evidence.mjs";

export { looks } from "./looks.mjs";

const words = "Hello there, and thank you for listening.";

async function openPage(open, url, phase = "ready") {
  const page = await open();
  await page.goto(url);
  await untilShown(page, `#engine[data-phase="${phase}"]`);
  return page;
}

function untilEnded(page) {
  return untilShown(page, 'body[data-making="whole"][data-playing="ended"]');
}

function textOf(page, id) {
  return page.locator(`#${id}`).innerText();
}

async function speakAll(page) {
  await page.fill("#text", words);
  await page.click("#speak");
  await untilEnded(page);
}

/** A click, and what is heard of it. */
export async function speaks(open, { url, folder }) {
  const page = await openPage(open, url);
  await page.fill("#text", words);
  assert.equal(await textOf(page, "counter"), "41 / 20,000");
  await page.click("#speak");
  await untilHeard(page);
  const sound = await heard(page);
  assert.equal(sound.state, "running");
  await untilEnded(page);
  await page.screenshot({ path: `${folder}/model-3-after.png` });
  return {
    ...(await heard(page)),
    state: sound.state,
    delay: sound.delay,
    badge: await page.locator("#badge").isVisible(),
    times: await page.locator(".times").innerText(),
    firstSound: await textOf(page, "first-sound"),
    factor: await textOf(page, "factor"),
    engine: await textOf(page, "spoken-by"),
    seed: await textOf(page, "seed-used"),
    status: await textOf(page, "status"),
  };
}

/** Escape, while more is being made; and the same by the button. */
export async function stops(open, { url }) {
  const page = await openPage(open, url);
  for (const stop of [() => page.keyboard.press("Escape"), () => page.click("#stop")]) {
    await page.fill("#text", words);
    await page.locator("#text").press("Control+Enter");
    await page.waitForFunction(() => window.evidence.now > 0.01);
    assert.equal(await page.locator("#speak").isVisible(), false);
    await stop();
    await untilShown(page, 'body[data-making="stopped"]');
    await untilSilent(page);
    assert.match(await textOf(page, "status"), /^Stopped after \d+\.\d s\.$/);
    assert.equal(await page.locator("#speak").isVisible(), true);
  }
}

/** An engine that pauses: of a long text the page tells how much is to come; it waits, and loses nothing. */
export async function waits(open, { url }) {
  const page = await openPage(open, url);
  await page.fill("#text", words.repeat(10));
  await page.click("#speak");
  await untilSaid(page, "of about 1:15");
  await page.keyboard.press("Escape");
  await untilShown(page, 'body[data-making="stopped"]');
  await page.fill("#text", words);
  await page.click("#speak");
  await untilSaid(page, "Catching up…");
  await untilSaid(page, "so far");
  await untilEnded(page);
  return { times: await page.locator(".times").innerText(), now: await textOf(page, "status") };
}

/** Files of what was heard, in two formats. */
export async function downloads(open, { url, folder }) {
  const page = await openPage(open, url);
  await speakAll(page);
  const files = [];
  for (const format of ["wav", "mp3"]) {
    await page.locator(`input[value=${format}]`).check();
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    files.push(`${folder}/${download.suggestedFilename()}`);
    await download.saveAs(files.at(-1));
    await untilSaid(page, `Saved as ${format}.`);
  }

  return { files, seed: await textOf(page, "seed-used") };
}

/** What was stopped in the middle is saved whole. */
export async function savesStopped(open, { url, folder }) {
  const page = await openPage(open, url);
  await page.fill("#text", words);
  await page.click("#speak");
  await untilHeard(page);
  await page.keyboard.press("Escape");
  await untilShown(page, 'body[data-making="stopped"]');
  await page.locator("input[value=wav]").check();
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  await download.saveAs(`${folder}/whole.wav`);
}

/** Without a key, with a wrong one, with the right one; and where it is kept. */
export async function keys(open, { url, key }) {
  const page = await openPage(open, url, "draining");
  assert.equal(await page.getByLabel("This server needs a key").isVisible(), true);
  assert.equal(await page.locator("#text").isVisible(), false);
  await page.getByLabel("This server needs a key").fill("wrong");
  await page.keyboard.press("Enter");
  await untilSaid(page, "The key is not one of this server's");
  await page.getByLabel("This server needs a key").fill(key);
  await page.getByRole("button", { name: "Use it" }).click();
  await untilShown(page, '#engine[data-phase="ready"]');
  assert.equal(await page.locator("#key-form").isVisible(), false);
  await speakAll(page);

  await page.reload();
  await untilShown(page, '#engine[data-phase="ready"]');
  const kept = await page.evaluate(() => ({ tab: { ...sessionStorage }, browser: { ...localStorage }, cookies: document.cookie }));
  assert.deepEqual(kept, { tab: { "vibevoice.key": key }, browser: {}, cookies: "" });
  await page.locator("summary").click();
  for (const name of ["curl", "C#", "Python"]) {
    await page.getByRole("tab", { name }).click();
    assert.match(await textOf(page, "snippet"), /VIBEVOICE_API_KEY/);
    assert.doesNotMatch(await page.locator("body").innerHTML(), new RegExp(key));
  }

  await page.getByRole("button", { name: "Forget key" }).click();
  await page.getByLabel("This server needs a key").waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
}

/** Each thing that can go wrong, told in a sentence. The server is set up so that the order is this one. */
export async function errors(open, { url }) {
  const page = await openPage(open, url);
  const told = [];
  const again = async (text) => {
    await page.fill("#text", text);
    await page.click("#speak");
    await untilShown(page, "#error");
    await untilShown(page, "#speak");
    told.push(await textOf(page, "error"));
  };
  await again(" ");
  await again("x".repeat(20_001));
  assert.equal(await page.locator("#counter.over").isVisible(), true);
  await again(words);
  await again(words);
  await again(words);
  await page.route("**/v1/audio/speech", (route) => route.abort());
  await again(words);
  return told;
}

/** While the model is loaded, and after. */
export async function loads(open, { url }, note) {
  const page = await openPage(open, url, "loading");
  await untilSaid(page, "Loading the model…");
  await page.fill("#text", words);
  await page.click("#speak");
  await untilSaid(page, "The model is still being loaded");
  note("loading");
  await untilShown(page, '#engine[data-phase="ready"]');
  return await textOf(page, "engine-name");
}

/** The form's request in other languages. */
export async function snippets(open, { url, text }) {
  const page = await openPage(open, url);
  await page.fill("#text", text);
  await page.locator("#voice").selectOption("en-Mike_man");
  await page.locator("input[value=wav]").check();
  await page.locator("#speed").focus();
  await page.keyboard.press("ArrowRight");
  await page.getByLabel("Seed").fill("7");
  await page.getByLabel("Steps").fill("3");
  await page.getByLabel("Guidance").fill("2.5");
  await page.locator("summary").click();
  const found = {};
  for (const name of ["curl", "C#", "Python"]) {
    await page.getByRole("tab", { name }).click();
    found[name] = await textOf(page, "snippet");
  }

  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), found.Python);
  return found;
}

/** All of it without a mouse, by the names that a screen reader says. */
export async function keyboard(open, { url }) {
  const page = await openPage(open, url);
  await page.locator(".skip").focus();
  const stops = [await page.evaluate(focused)];
  while (stops.length < 20 && stops.at(-1).name !== "end") {
    await page.keyboard.press("Tab");
    stops.push(await page.evaluate(focused));
  }

  const seen = stops.filter((stop) => stop.name !== "end");
  assert.deepEqual(seen.filter((stop) => !stop.isVisible), []);

  await page.getByLabel("Text to speak").fill(words);
  await page.getByLabel("Text to speak").press("Control+Enter");
  await untilEnded(page);
  const slider = page.getByRole("slider", { name: "Position" });
  await slider.press("Home");
  assert.equal(await slider.getAttribute("aria-valuenow"), "0.0");
  await slider.press("ArrowRight");
  assert.equal(await slider.getAttribute("aria-valuenow"), "1.0");
  assert.equal(await slider.getAttribute("aria-valuetext"), "0:01 of 0:01");
  await page.getByRole("button", { name: "Play", exact: true }).press("Enter");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await untilEnded(page);
  assert.equal(await page.locator("#status[role=status]").innerText(), "Done: 1.1 s of sound.");
  return seen.map((stop) => stop.name);
}

/** The name of what has the focus, and whether its focus can be seen. */
function focused() {
  const element = document.activeElement;
  if (element === document.body) {
    return { name: "end" };
  }

  const around = [element, element.nextElementSibling, element.closest(".composer")].filter(Boolean);
  return {
    name: element.ariaLabel || element.labels?.[0]?.innerText.trim() || element.innerText.trim().split("\n")[0],
    isVisible: around.some((part) => getComputedStyle(part).outlineStyle !== "none"),
  };
}
