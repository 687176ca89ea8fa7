import { Buffer } from "node:buffer";
import axe from "axe-core";
import { expect } from "expect";
import type { Browser, Page } from "playwright-core";
import { load, readImage } from "../../mod.ts";
import { browserPath as found } from "../_browser.ts";
import { begin, run, servePage, untilReady } from "../../tools/page.ts";
import { deepPngOf, gradient, jpegOf, type Photograph, pngOf } from "./_photographs.ts";

const docs = new URL("../../docs/", import.meta.url);

/** The page in a browser, and what it wrote to the console. */
interface Visit {
  page: Page;
  errors: string[];
  url: string;
}

/** Builds and serves the page once for all steps. */
async function withPage(test: (browser: Browser, url: string) => Promise<void>): Promise<void> {
  await using served = await servePage();
  await test(served.browser, served.url);
}

async function visit(browser: Browser, url: string, width = 1280): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  page.setDefaultTimeout(120_000); // of a busy machine
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(url);
  await untilReady(page);
  return { page, errors, url };
}

const finished = (page: Page) =>
  page.waitForFunction(
    () =>
      !document.querySelector<HTMLElement>(".save")!.hidden ||
      document.querySelector(".error")!.textContent,
  );

/** Gives the page a file, by the picker. */
async function give(page: Page, { buffer, ...file }: Photograph): Promise<void> {
  await page.setInputFiles('input[type="file"]', { ...file, buffer: Buffer.from(buffer) });
}

/** Waits for what the page says of its sizes, and of its work. */
const saysCost = (page: Page, text: string) =>
  page.waitForFunction(
    (text) => document.querySelector(".cost")!.textContent!.includes(text),
    text,
  );
const says = (page: Page, text: string) =>
  page.waitForFunction(
    (text) => document.querySelector(".line")!.textContent!.startsWith(text),
    text,
  );

/** Pixels of a part of what is shown after the slider, given on the result's grid. */
function shown(page: Page, x: number, y: number, side: number): Promise<number[]> {
  return page.evaluate(([x, y, side]) => {
    type Layer = {
      image: HTMLCanvasElement;
      part?: Record<"x" | "y" | "width" | "height", number>;
    };
    const compare = document.querySelector("sr-compare") as unknown as { result: Layer[] };
    const { image, part } = compare.result.at(-1)!;
    const [left, top] = part
      ? [part.x * image.width / part.width, part.y * image.height / part.height]
      : [0, 0];
    const context = image.getContext("2d")!;
    return [...context.getImageData(x - Math.round(left), y - Math.round(top), side, side).data];
  }, [x, y, side]);
}

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
      await t.step("a sample is enlarged as by the library, without a long task", async () => {
        const { page, errors } = await visit(browser, `${url}#model=srdiff&seed=7&steps=1`);
        await page.evaluate(() => {
          const long = (globalThis as unknown as { long: number[] }).long = [];
          new PerformanceObserver((list) => {
            for (const { duration } of list.getEntries()) long.push(duration as never);
          }).observe({ type: "longtask" });
        });
        const begun = performance.now();
        await begin(page, "coffee.png");
        await finished(page);
        const took = performance.now() - begun;
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
        // A page that did the work itself would be blocked all the time.
        expect(Math.max(0, ...long)).toBeLessThan(took / 20);
        expect(errors).toEqual([]);
        await page.close();
      });

      await t.step("the slider moves by keyboard, and keys 1, 2, 3 choose the view", async () => {
        const { page, errors } = await visit(browser, `${url}#model=regression`);
        await begin(page, "chelsea.png");
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
        await begin(page, "astronaut.png");
        await page.waitForSelector(".cancel:visible");
        await page.click(".cancel");
        await page.waitForFunction(() =>
          document.querySelector(".line")!.textContent!.startsWith("Cancelled")
        );
        await page.fill('[name="steps"]', "1");
        await run(page);
        await finished(page);
        expect(await page.textContent(".error")).toBe("");
        expect(errors).toEqual([]);
        await page.close();
      });

      await t.step(
        "an area is drawn by mouse and keys, and shows the same detail as the whole",
        async () => {
          const { page, errors } = await visit(browser, `${url}#model=srdiff&seed=7`);
          await give(page, await pngOf(await readImage(new URL("astronaut.png", docs))));
          await page.waitForSelector(".trial:enabled");
          await page.keyboard.press("s");
          const area = page.getByRole("group", { name: /^Area of 96 by 96 pixels/ });
          await area.waitFor();
          const box = (await page.locator("sr-compare").boundingBox())!;
          const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
          await page.mouse.move(x - 300, y - 150);
          await page.mouse.down();
          await page.mouse.move(x - 100, y - 20, { steps: 3 });
          await page.mouse.up();
          const drawn = await page.locator(".pane output").textContent();
          await page.keyboard.press("Shift+ArrowRight");
          await page.keyboard.press("Shift+ArrowDown");
          await page.keyboard.press("ArrowRight");
          const label = await page.locator(".pane").getAttribute("aria-label") ?? "";
          const [width, height, left, top] = [...label.matchAll(/\d+/g)].map(Number);
          expect(drawn).not.toBe(`${width} × ${height}`);
          await saysCost(
            page,
            `The area of ${width} × ${height} becomes ${4 * width} × ${4 * height}`,
          );
          await page.keyboard.press("Enter");
          await says(page, "The area took");
          expect(await page.locator(".save").isVisible()).toBe(false);
          const at = [4 * left + 2 * width - 32, 4 * top + 2 * height - 32] as const;
          const part = await shown(page, ...at, 64);
          expect(Math.max(...part)).toBeGreaterThan(Math.min(...part) + 20);
          await page.click(".run");
          await finished(page);
          const whole = await shown(page, ...at, 64);
          await page.click(".reroll");
          await page.click(".select");
          await page.keyboard.press("Enter");
          await says(page, "The area took");
          const other = await shown(page, ...at, 64);
          const apart = (image: number[]) =>
            whole.reduce((sum, v, i) => sum + Math.abs(v - image[i]), 0) / whole.length;
          expect(apart(part)).toBeLessThan(0.1 * apart(other));
          // Leaving by Escape hides the rectangle and nothing else.
          await page.click(".select");
          await page.keyboard.press("Escape");
          expect(await page.locator(".pane").isVisible()).toBe(false);
          expect(errors).toEqual([]);
          await page.close();
        },
      );

      await t.step("rotated, deep and transparent photographs are read correctly", async () => {
        const { page, errors } = await visit(browser, `${url}#model=regression`);
        await give(page, await jpegOf(gradient(60, 40), { turned: true }));
        await saysCost(page, "40 × 60 becomes 160 × 240");
        await give(page, deepPngOf(gradient(44, 32)));
        await saysCost(page, "44 × 32 becomes 176 × 128");
        await give(page, await pngOf(gradient(36, 28, 128), "glass.png"));
        await saysCost(page, "36 × 28 becomes 144 × 112");
        await page.click(".run");
        await finished(page);
        const glass = await readImage(await saved(page));
        expect([glass.channels, glass.data[3], glass.data[4 * 143 + 3]]).toEqual([4, 128, 255]);
        // Giving the same file again starts over.
        await give(page, await pngOf(gradient(36, 28, 128), "glass.png"));
        await page.waitForSelector(".save", { state: "hidden" });
        await page.waitForSelector(".run:enabled");
        // Of an image that is too large for a canvas, an area can be tried.
        await give(page, await pngOf(gradient(5000, 20), "wide.png"));
        await saysCost(page, "too large for a browser");
        expect(await page.locator(".run").isDisabled()).toBe(true);
        expect(await page.locator(".trial").isDisabled()).toBe(false);
        await give(page, await pngOf(gradient(20_000, 8), "wider.png"));
        await page.waitForFunction(() => document.querySelector(".error")!.textContent);
        expect(await page.textContent(".error")).toMatch(/20000 × 8: browsers draw at most 16384/);
        expect(errors).toEqual([]);
        await page.close();
      });

      await t.step(
        "a photograph that is dropped during a run replaces the current one",
        async () => {
          const { page, errors } = await visit(browser, `${url}#model=srdiff&steps=50`);
          await begin(page, "astronaut.png");
          await page.waitForSelector(".cancel:visible");
          const { buffer } = await jpegOf(gradient(40, 24));
          await page.evaluate((bytes) => {
            const dataTransfer = new DataTransfer();
            const file = new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" });
            dataTransfer.items.add(file);
            document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
          }, [...buffer]);
          await saysCost(page, "40 × 24 becomes 160 × 96");
          await page.fill('[name="steps"]', "1");
          await run(page);
          await finished(page);
          const { width, height } = await readImage(await saved(page));
          expect([width, height]).toEqual([160, 96]);
          expect(errors).toEqual([]);
          await page.close();
        },
      );

      await t.step(
        "samples, overlay, reroll, formats, URL and command work",
        async () => {
          const { page, errors } = await visit(browser, `${url}#model=srdiff&samples=2`);
          await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
          await page.click(".reroll");
          const seed = await page.inputValue('[name="seed"]');
          expect(page.url()).toContain(`#model=srdiff&seed=${seed}&samples=2`);
          await give(page, await jpegOf(gradient(32, 24)));
          await run(page);
          await finished(page);
          expect(await page.textContent(".line")).toContain(`seed ${seed}`);
          const [first, second] = await page.getByRole("button", { name: /^Sample \d$/ }).all();
          const before = await shown(page, 0, 0, 64);
          await second.click();
          expect(await second.getAttribute("aria-pressed")).toBe("true");
          expect(await first.getAttribute("aria-pressed")).toBe("false");
          expect(await shown(page, 0, 0, 64)).not.toEqual(before);
          await page.check(".uncertain input");
          for (const [format, name] of [["jpeg", "jpg"], ["webp", "webp"], ["png", "png"]]) {
            await page.selectOption(".format", format);
            const [download] = await Promise.all([
              page.waitForEvent("download"),
              page.click(".download"),
            ]);
            expect(download.suggestedFilename()).toBe(`photo-srdiff-2.${name}`);
            const { width, height } = await readImage(await download.path());
            expect([width, height]).toEqual([128, 96]);
          }
          await page.click(".command");
          expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
            `deno run -A cli/upscale.ts photo.jpg --model srdiff --seed ${seed} --samples 2`,
          );
          await page.click(".copy");
          await says(page, "Copied the image");
          const kinds = await page.evaluate(async () =>
            (await navigator.clipboard.read())[0].types
          );
          expect(kinds).toEqual(["image/png"]);
          await page.click(".badge summary");
          expect(await page.textContent(".badge p")).toMatch(
            /^srdiff runs on wasm\. Not on webgpu: /,
          );
          expect(errors).toEqual([]);
          await page.close();
        },
      );

      await t.step("a broken file gives a message, and the page keeps working", async () => {
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

      await t.step("axe finds no fault, wide and narrow, light and dark", async () => {
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
          await begin(page, "coffee.png");
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
        await page.goto(`${url}#model=regression`);
        await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
        await page.reload();
        await untilReady(page);
        await page.click('[data-sample="coffee.png"]');
        await page.waitForSelector(".run:enabled");
        await context.setOffline(true);
        await page.reload();
        await untilReady(page);
        await begin(page, "coffee.png");
        await finished(page);
        expect(await page.textContent(".error")).toBe("");
        await context.close();
      });
    }),
});
