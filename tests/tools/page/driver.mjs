// Drives the page in one browser: node driver.mjs CHROMIUM. Each line on standard input is a scenario to play, as JSON: its name, the
// page's address, and what else it needs. What it notes on the way and what comes out of it are lines on standard output.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { watch } from "./evidence.mjs";
import * as scenarios from "./scenarios.mjs";

const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const browser = await chromium.launch({ executablePath: process.argv[2], headless: true, args: quiet });

function write(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** One of the browser's windows, with nothing kept from others; what goes wrong in it is collected. */
function opener(contexts, problems) {
  return async (options = {}) => {
    const context = await browser.newContext(options);
    contexts.push(context);
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    await watch(page, problems);
    return page;
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const [contexts, problems] = [[], []];
  try {
    const note = (text) => write({ note: text });
    const result = await scenarios[request.scenario](opener(contexts, problems), request, note);
    write({ result: result ?? null, problems });
  } catch (error) {
    write({ error: error.stack, problems });
  }

  await Promise.all(contexts.map((context) => context.close()));
}

await browser.close();
