/**
 * Makes the images of docs/page.md with the page itself, in Chromium:
 *
 *     deno task screenshots [--out docs/page] [--only samples]
 *
 * @module
 */

import { Command, Option } from "commander";
import type { Page } from "playwright-core";
import { encodeImage, readImage } from "../mod.ts";
import { browserPath } from "./browser.ts";
import { begin, servePage, untilReady } from "./page.ts";

/** The settings of the browser. */
interface Look {
  /** Size of the window, in CSS pixels. */
  viewport: { width: number; height: number };
  /** Whether the system has a dark theme. */
  colorScheme: "light" | "dark";
}

const WIDE = { width: 1280, height: 800 };
/** Milliseconds that a run may take. */
const PATIENCE = 300_000;

/** The browser settings of each image, and what to do on the page first. */
const SHOTS: Record<string, [look: Look, act: (page: Page) => Promise<unknown>]> = {
  start: [{ viewport: WIDE, colorScheme: "light" }, () => Promise.resolve()],
  running: [{ viewport: WIDE, colorScheme: "light" }, async (page) => {
    await page.click(".more summary");
    await page.fill('[name="steps"]', "10");
    await begin(page, "chelsea.png");
    await page.waitForFunction(
      () => document.querySelector("sr-status progress")!.getAttribute("value")! > "0.4",
      undefined,
      { timeout: PATIENCE },
    );
  }],
  compared: [{ viewport: WIDE, colorScheme: "dark" }, async (page) => {
    await begin(page, "coffee.png");
    await finished(page);
    await page.click('[data-zoom="in"]');
  }],
  samples: [{ viewport: WIDE, colorScheme: "light" }, async (page) => {
    await page.fill('[name="samples"]', "4");
    await begin(page, "astronaut.png");
    await finished(page);
    await page.click('[data-mode="grid"]');
    await page.click('[data-zoom="in"]');
    await page.check(".uncertain input");
    await page.waitForTimeout(1500); // until the differences are computed
  }],
  narrow: [{ viewport: { width: 320, height: 640 }, colorScheme: "light" }, async (page) => {
    await page.click('[data-sample="astronaut.png"]');
    await page.waitForSelector(".trial:enabled");
    await page.click(".trial");
  }],
};

async function finished(page: Page): Promise<void> {
  await page.waitForSelector(".save:visible", { timeout: PATIENCE });
}

/** Writes all images, or one, into a folder. */
async function shoot(out: string, only?: string): Promise<void> {
  if (!browserPath) throw new Error("Cannot show the page: Chromium is not installed");
  await using served = await servePage();
  await Deno.mkdir(out, { recursive: true });
  for (const [name, [look, act]] of Object.entries(SHOTS)) {
    if (only !== undefined && name !== only) continue;
    const page = await served.browser.newPage(look);
    await page.goto(served.url);
    await untilReady(page);
    await act(page);
    await page.waitForTimeout(400); // until all transitions have ended
    const image = await readImage(new Uint8Array(await page.screenshot()));
    const bytes = await encodeImage(image, { format: "webp", quality: 86 });
    await Deno.writeFile(`${out}/${name}.webp`, bytes);
    console.log(`${out}/${name}.webp: ${image.width}x${image.height}, ${bytes.length} bytes`);
    await page.close();
  }
}

if (import.meta.main) {
  const { out, only } = new Command("screenshots")
    .description("Makes the images of docs/page.md.")
    .option("--out <dir>", "where they are written", "docs/page")
    .addOption(new Option("--only <name>", "one of them").choices(Object.keys(SHOTS)))
    .parse(Deno.args, { from: "user" })
    .opts<{ out: string; only?: string }>();
  try {
    await shoot(out, only);
  } catch (error) {
    console.error(`screenshots: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
