// The page as it looks, at two widths, by day and by night: pictures for people, and what a program can say of them.
import assert from "node:assert/strict";
import { untilHeard, untilShown } from "./evidence.mjs";

const story = "It was a bright cold day in April.";

const sizes = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

/** Takes the pictures, of both widths at once, since a voice takes its time. Returns the colours of the paper. */
export async function looks(open, { url, folder }) {
  const papers = await Promise.all(
    Object.entries(sizes).map(([size, options]) => look(open, url, `${folder}/${size}`, options)),
  );
  return papers.flat();
}

async function look(open, url, name, options) {
  const page = await open({ ...options, colorScheme: "light" });
  const papers = {};
  const shoot = async (moment) => {
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${name}-${colorScheme}-${moment}.png`, fullPage: true, scale: "css", animations: "disabled" });
      papers[colorScheme] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    }
  };
  await page.goto(url);
  await untilShown(page, '#engine[data-phase="ready"]');
  assert.equal(await page.getByText("Preview voice", { exact: true }).isVisible(), true);
  await shoot("1-before");
  await page.fill("#text", story);
  await page.click("#speak");
  await untilHeard(page);
  await page.waitForFunction(() => document.querySelector("#heard").textContent === "0:01");
  await shoot("2-while");
  await untilShown(page, 'body[data-playing="ended"]');
  await page.locator("summary").click();
  await shoot("3-after");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(wide, options.viewport.width, "it scrolls sideways");
  return [papers.dark, papers.light];
}
