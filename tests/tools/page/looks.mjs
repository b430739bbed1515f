// The page as it looks, at two widths, by day and by night: pictures for people, and what a program can say of them.
import assert from "node:assert/strict";
import { untilHeard } from "./evidence.mjs";

const story =
  "It was a bright cold day in April, and the clocks were striking thirteen. The hallway smelt of boiled cabbage and old rag mats.";

const sizes = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

/** Takes the pictures; all four at once, since a voice takes its time. */
export async function looks(open, { url, folder }) {
  const papers = await Promise.all(
    Object.entries(sizes).flatMap(([size, options]) =>
      ["light", "dark"].map((scheme) => look(open, url, `${folder}/${size}-${scheme}`, { ...options, colorScheme: scheme })),
    ),
  );
  return papers;
}

async function look(open, url, name, options) {
  const page = await open(options);
  const shot = (moment) => page.screenshot({ path: `${name}-${moment}.png`, fullPage: true });
  await page.goto(url);
  await page.locator('#engine[data-phase="ready"]').waitFor();
  assert.equal(await page.getByText("Preview voice", { exact: true }).isVisible(), true);
  await shot("1-before");
  await page.fill("#text", story);
  await page.click("#speak");
  await untilHeard(page);
  await page.waitForFunction(() => document.querySelector("#heard").textContent === "0:02");
  await shot("2-while");
  await page.locator('body[data-playing="ended"]').waitFor();
  await page.locator("summary").click();
  await shot("3-after");
  const { wide, paper } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    paper: getComputedStyle(document.body).backgroundColor,
  }));
  assert.equal(wide, options.viewport.width, "it scrolls sideways");
  return paper;
}
