import axe from "axe-core";
import { expect } from "expect";
import { type Browser, chromium, type Page } from "playwright-core";
import { load, readImage } from "../../mod.ts";
import { browserPath as found } from "../_browser.ts";
import { answer } from "../../cli/demo.ts";
import { buildPage } from "../../cli/page/build.ts";

const docs = new URL("../../docs/", import.meta.url);

/** The page in a browser, and what it wrote to the console. */
interface Visit {
  page: Page;
  errors: string[];
  url: string;
}

/** Builds and serves the page once for all steps. */
async function withPage(test: (browser: Browser, url: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "srzoo-page-test-" });
  await buildPage(folder);
  const root = new URL(`file://${folder}/`);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => answer(request, root),
  );
  const browser = await chromium.launch({ executablePath: found, args: ["--no-sandbox"] });
  try {
    await test(browser, `http://127.0.0.1:${server.addr.port}/`);
  } finally {
    await browser.close();
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

async function visit(browser: Browser, url: string, width = 1280): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector(".line")?.textContent === "Ready.");
  return { page, errors, url };
}

const finished = (page: Page) =>
  page.waitForFunction(
    () =>
      !document.querySelector<HTMLElement>(".save")!.hidden ||
      document.querySelector(".error")!.textContent,
    undefined,
    { timeout: 120_000 },
  );

/** The result as it would be saved. */
async function saved(page: Page): Promise<Uint8Array<ArrayBuffer>> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(".download")]);
  return await Deno.readFile(await download.path());
}

Deno.test({
  name: `the page enlarges photographs in a browser${found ? "" : " (needs a browser)"}`,
  ignore: !found,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: (t) =>
    withPage(async (browser, url) => {
      await t.step("a sample comes out as the library makes it, without a long task", async () => {
        const { page, errors } = await visit(browser, `${url}#model=srdiff&seed=7&steps=1`);
        await page.evaluate(() => {
          const long = (globalThis as unknown as { long: number[] }).long = [];
          new PerformanceObserver((list) => {
            for (const { duration } of list.getEntries()) long.push(duration as never);
          }).observe({ type: "longtask" });
        });
        await page.click('[data-sample="coffee.png"]');
        await page.waitForSelector(".run:enabled");
        await page.click(".run");
        await finished(page);
        const { data } = await readImage(await saved(page));
        await using upscaler = await load("srdiff");
        const { images } = await upscaler.upscale(new URL("coffee.png", docs), {
          seed: 7,
          steps: 1,
        });
        const apart = images[0].data.reduce(
          (most, v, i) => Math.max(most, Math.abs(v - data[i])),
          0,
        );
        expect(data.length).toBe(images[0].data.length);
        expect(apart).toBeLessThanOrEqual(2);
        const long = await page.evaluate(() => (globalThis as unknown as { long: number[] }).long);
        expect(long.filter((duration) => duration > 100)).toEqual([]);
        expect(errors).toEqual([]);
        await page.close();
      });

      await t.step("the slider moves by keyboard, and keys 1, 2, 3 choose the view", async () => {
        const { page, errors } = await visit(browser, `${url}#model=regression`);
        await page.click('[data-sample="chelsea.png"]');
        await page.waitForSelector(".run:enabled");
        await page.click(".run");
        await finished(page);
        const slider = page.locator('[role="slider"]');
        await slider.focus();
        const before = Number(await slider.getAttribute("aria-valuenow"));
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press("PageUp");
        expect(Number(await slider.getAttribute("aria-valuenow"))).toBe(before + 12);
        for (const [key, mode] of [["2", "side"], ["3", "flip"], ["1", "slider"]]) {
          await page.keyboard.press(key);
          const pressed = await page.locator(`[data-mode="${mode}"]`).getAttribute("aria-pressed");
          expect(pressed).toBe("true");
        }
        expect(errors).toEqual([]);
        await page.close();
      });

      await t.step("a run can be cancelled, and another one begun", async () => {
        const { page, errors } = await visit(browser, `${url}#model=srdiff&steps=50`);
        await page.click('[data-sample="astronaut.png"]');
        await page.waitForSelector(".run:enabled");
        await page.click(".run");
        await page.waitForSelector(".cancel:visible");
        await page.click(".cancel");
        await page.waitForFunction(() =>
          document.querySelector(".line")!.textContent!.startsWith("Cancelled")
        );
        await page.fill('[name="steps"]', "1");
        await page.waitForSelector(".run:enabled");
        await page.click(".run");
        await finished(page);
        expect(await page.textContent(".error")).toBe("");
        expect(errors).toEqual([]);
        await page.close();
      });

      await t.step("a file that is broken gets a message, and the page goes on", async () => {
        const { page, errors } = await visit(browser, url);
        const bytes = (await Deno.readFile(new URL("coffee.png", docs))).slice(0, 4000);
        const half = await Deno.makeTempFile({ suffix: ".png" });
        await Deno.writeFile(half, bytes);
        await page.setInputFiles('input[type="file"]', half);
        await page.waitForFunction(() => document.querySelector(".error")!.textContent);
        expect(await page.textContent(".error")).toMatch(/truncated|broken|ends|corrupt/i);
        await page.click('[data-sample="coffee.png"]');
        await page.waitForSelector(".run:enabled");
        expect(errors).toEqual([]);
        await page.close();
        await Deno.remove(half);
      });

      await t.step("nothing is wrong for axe, wide and narrow, light and dark", async () => {
        for (const [width, colorScheme] of [[1280, "light"], [320, "dark"]] as const) {
          const { page } = await visit(browser, `${url}#model=regression`, width);
          await page.emulateMedia({ colorScheme });
          const check = async () => {
            await page.evaluate(axe.source);
            const { violations } = await page.evaluate(() =>
              (globalThis as unknown as {
                axe: { run(): Promise<{ violations: { id: string }[] }> };
              })
                .axe.run()
            );
            expect(violations.map(({ id }) => id)).toEqual([]);
          };
          await check();
          await page.click('[data-sample="coffee.png"]');
          await page.waitForSelector(".run:enabled");
          await page.click(".run");
          await finished(page);
          await check();
          const wider = await page.evaluate(() =>
            document.documentElement.scrollWidth - innerWidth
          );
          expect(wider).toBeLessThanOrEqual(0);
          await page.close();
        }
      });

      await t.step("a second visit works offline", async () => {
        const context = await browser.newContext();
        const page = await context.newPage();
        const ready = () =>
          page.waitForFunction(() => document.querySelector(".line")?.textContent === "Ready.");
        await page.goto(`${url}#model=regression`);
        await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
        await page.reload();
        await ready();
        await page.click('[data-sample="coffee.png"]');
        await page.waitForSelector(".run:enabled");
        await context.setOffline(true);
        await page.reload();
        await ready();
        await page.click('[data-sample="coffee.png"]');
        await page.waitForSelector(".run:enabled");
        await page.click(".run");
        await finished(page);
        expect(await page.textContent(".error")).toBe("");
        await context.close();
      });
    }),
});
