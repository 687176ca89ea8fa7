/** Opens the project's page in a browser, for tests and screenshots. @module */

import { type Browser, chromium, type Page } from "playwright-core";
import { buildPage } from "../cli/page/build.ts";
import { browserPath } from "./browser.ts";
import { serveFolder } from "./served.ts";

/** The served page and a browser to visit it; disposing of it ends both. */
export interface ServedPage extends AsyncDisposable {
  readonly browser: Browser;
  /** Address of the page. */
  readonly url: string;
}

/** Builds the page into a temporary folder, serves it and starts Chromium. */
export async function servePage(): Promise<ServedPage> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "srzoo-served-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await buildPage(folder);
  const { url } = stack.use(serveFolder(folder));
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  stack.defer(() => browser.close());
  const opened = stack.move();
  return { browser, url, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Waits until the page has loaded its models and takes images. */
export async function untilReady(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector(".line")?.textContent === "Ready.");
}

/** Begins a run on one of the samples that the page offers. */
export async function begin(page: Page, sample: string): Promise<void> {
  await page.click(`[data-sample="${sample}"]`);
  await run(page);
}

/** Begins a run as soon as the page allows it. */
export async function run(page: Page): Promise<void> {
  await page.click(".run:enabled");
}
