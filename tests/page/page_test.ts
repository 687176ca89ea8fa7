import { Buffer } from "node:buffer";
import axe, { type AxeResults } from "axe-core";
import { expect } from "expect";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { load, readImage } from "../../mod.ts";
import { browserPath as found } from "../_browser.ts";
import { largestDifference } from "../_difference.ts";
import { begin, run, servePage, untilReady } from "../../tools/page.ts";
import { swipe } from "./_touch.ts";
import { deepPngOf, gradient, jpegOf, type Photograph, pngOf } from "./_photographs.ts";

const docs = new URL("../../docs/", import.meta.url);

/** The page in a browser, and the errors on its console. */
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
  return await visitIn(await browser.newContext({ viewport: { width, height: 800 } }), url);
}

async function visitIn(context: BrowserContext, url: string): Promise<Visit> {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000); // for busy machines
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

/** Gives the page a file through the file picker. */
async function give(page: Page, { buffer, ...file }: Photograph): Promise<void> {
  await page.setInputFiles('input[type="file"]', { ...file, buffer: Buffer.from(buffer) });
}

/** Waits until the page says something about its sizes, or about its work. */
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

/** The faults that axe finds after transitions have ended; colours in between have too little contrast. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.waitForFunction(() => document.getAnimations().length === 0);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run()
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)
  );
}

/** Pixels of a square of the result that is shown, in the result's coordinates. */
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

/** The canvas of the comparison, once pending changes are drawn. */
function drawn(page: Page): Promise<string> {
  return page.evaluate(async () => {
    for (const _ of [0, 1]) await new Promise(requestAnimationFrame);
    return document.querySelector<HTMLCanvasElement>("sr-compare > canvas")!.toDataURL();
  });
}

/** Waits until the canvas of the comparison is equal to an earlier one, or differs from it. */
const untilDrawn = (page: Page, earlier: string, isEqual: boolean) =>
  page.waitForFunction(
    ([earlier, isEqual]) => {
      const canvas = document.querySelector<HTMLCanvasElement>("sr-compare > canvas")!;
      return (canvas.toDataURL() === earlier) === isEqual;
    },
    [earlier, isEqual] as const,
  );

/** The part of the image that is shown. */
function viewOf(page: Page): Promise<{ x: number; y: number; zoom: number }> {
  return page.evaluate(() => {
    const compare = document.querySelector("sr-compare") as unknown as {
      view: { x: number; y: number; zoom: number };
    };
    return { ...compare.view };
  });
}

/** The bytes of the result when it is saved. */
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
      await t.step("a sample gives the library's image, without a long task", async () => {
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
        expect(largestDifference(images[0].data, data)).toBeLessThanOrEqual(2);
        const long = await page.evaluate(() => (globalThis as unknown as { long: number[] }).long);
        // A page that did the work on its own thread would be blocked all the time.
        expect(Math.max(0, ...long)).toBeLessThan(took / 20);
        expect(errors).toEqual([]);
        await page.context().close();
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
        await page.context().close();
      });

      await t.step("a run can be cancelled, and another one started", async () => {
        const { page, errors } = await visit(browser, `${url}#model=srdiff&steps=50`);
        await begin(page, "astronaut.png");
        await page.waitForSelector(".cancel:visible");
        await page.click(".cancel");
        await page.waitForFunction(() =>
          document.querySelector(".line")!.textContent!.startsWith("Cancelled")
        );
        await page.fill('[name="steps"]', "1");
        // With the keyboard, the button that replaces another gets the focus.
        await page.focus(".run");
        await page.keyboard.press("Enter");
        await page.waitForSelector(".cancel:focus");
        await finished(page);
        await page.waitForSelector(".run:focus");
        expect(await page.textContent(".error")).toBe("");
        expect(errors).toEqual([]);
        await page.context().close();
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
          // Escape hides the rectangle.
          await page.click(".select");
          await page.keyboard.press("Escape");
          expect(await page.locator(".pane").isVisible()).toBe(false);
          expect(errors).toEqual([]);
          await page.context().close();
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
        // If an image is too large for a canvas, an area of it can be tried.
        await give(page, await pngOf(gradient(5000, 20), "wide.png"));
        await saysCost(page, "too large for a browser");
        expect(await page.locator(".run").isDisabled()).toBe(true);
        expect(await page.locator(".trial").isDisabled()).toBe(false);
        await give(page, await pngOf(gradient(20_000, 8), "wider.png"));
        await page.waitForFunction(() => document.querySelector(".error")!.textContent);
        expect(await page.textContent(".error")).toMatch(/20000 × 8: browsers draw at most 16384/);
        expect(errors).toEqual([]);
        await page.context().close();
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
          await page.context().close();
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
          const plain = await drawn(page);
          await page.check(".uncertain input");
          await untilDrawn(page, plain, false);
          await page.uncheck(".uncertain input");
          await untilDrawn(page, plain, true);
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
          // Changed settings apply to the next run; the command stays that of the result.
          await page.click(".reroll");
          await page.click(".command");
          await says(
            page,
            `Copied: deno run -A cli/upscale.ts photo.jpg --model srdiff --seed ${seed}`,
          );
          await page.evaluate(() => void (location.hash = "model=srdiff&seed=5&samples=3"));
          await page.waitForFunction(() =>
            document.querySelector<HTMLInputElement>('[name="seed"]')!.value === "5"
          );
          expect(await page.inputValue('[name="samples"]')).toBe("3");
          await page.keyboard.press("4");
          const grid = page.locator('[data-mode="grid"]');
          expect(await grid.getAttribute("aria-pressed")).toBe("true");
          const { x, y } = (await page.locator("sr-compare").boundingBox())!;
          await page.mouse.click(x + 20, y + 60);
          expect(await first.getAttribute("aria-pressed")).toBe("true");
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
          await page.context().close();
        },
      );

      await t.step(
        "damage is removed automatically or as chosen, in the result and the command",
        async () => {
          const { page, errors } = await visit(browser, `${url}#model=regression`);
          const dial = page.getByRole("slider", { name: "Remove damage" });
          const auto = page.getByRole("checkbox", { name: /^Automatic/ });
          expect(await dial.isVisible()).toBe(false);
          const listed = await page.locator('[name="model"] option').evaluateAll((options) =>
            options.map((option) => (option as HTMLOptionElement).value)
          );
          expect(listed).toContain("srdiff-photo");
          expect(listed).not.toContain("ddpm-texture"); // it enlarges nothing

          await page.selectOption('[name="model"]', "srdiff-photo");
          await dial.waitFor();
          expect([await auto.isChecked(), await dial.isDisabled()]).toEqual([true, true]);
          // The middle is clean and the sides are noisy: an area gets the damage of the whole.
          const photo = gradient(400, 32);
          let drawn = 1;
          photo.data.forEach((v, i) => {
            const x = (i >> 2) % 400;
            drawn = drawn * 48271 % (2 ** 31 - 1);
            if (i % 4 < 3 && (x < 130 || x >= 270)) photo.data[i] = v + drawn % 31 - 15;
          });
          await give(page, await pngOf(photo, "photo.png"));
          await page.click(".trial:enabled");
          await page.click(".trial:enabled");
          await says(page, "The area took");
          const found = await dial.inputValue();
          await run(page);
          await finished(page);
          const [, told] = (await page.textContent(".line"))!.match(/damage removed: (\d+) %/)!;
          expect(Number(told)).toBeGreaterThan(10);
          expect(Number(found)).toBeCloseTo(Number(told) / 100, 1);
          await page.click(".command");
          await says(
            page,
            "Copied: deno run -A cli/upscale.ts photo.png --model srdiff-photo --seed 0",
          );
          expect(await page.textContent(".line")).not.toContain("--restore");

          // The dial moves by keyboard, the address contains it, and consistency warns about it.
          await auto.focus();
          await page.keyboard.press("Space");
          await dial.focus();
          await page.keyboard.press("End");
          expect(page.url()).toContain("restore=1");
          expect(await page.textContent('[name="restore-shown"]')).toBe("100 %");
          await page.click(".more summary");
          await page.check('[name="consistency"]');
          await run(page);
          await says(page, "Done");
          await page.waitForFunction(() =>
            document.querySelector(".line")!.textContent!.includes("damage removed: 100 %")
          );
          expect(await page.textContent(".line")).toContain("consistency puts back the damage");
          await page.click(".command");
          await page.waitForFunction(() =>
            document.querySelector(".line")!.textContent!.endsWith(" --restore 1")
          );
          expect(await faultsOf(page)).toEqual([]);

          // Every field has a label; regression-photo has the dial, but no automatic value.
          const bare = await page.locator("form :is(input, select)").evaluateAll((fields) =>
            fields.filter((field) => (field as HTMLInputElement).labels!.length !== 1)
              .map((field) => (field as HTMLInputElement).name)
          );
          expect(bare).toEqual([]);
          await page.evaluate(() => void (location.hash = "model=regression-photo"));
          await auto.waitFor({ state: "hidden" });
          expect([await dial.inputValue(), await dial.isDisabled()]).toEqual(["1", false]);
          expect(errors).toEqual([]);
          await page.context().close();
        },
      );

      await t.step("the temperature has the limits and the default of the entry", async () => {
        for (const [model, most, usual] of [["srflow", "1", "0.85"], ["srdiff", "2", "1"]]) {
          const { page, errors } = await visit(browser, `${url}#model=${model}`);
          const slider = page.locator('[name="temperature"]');
          expect(await slider.getAttribute("max")).toBe(most);
          expect(await slider.inputValue()).toBe(usual);
          await slider.evaluate((input: HTMLInputElement, value) => {
            input.value = value;
            input.dispatchEvent(new Event("input", { bubbles: true }));
          }, most);
          await page.waitForFunction(
            (most) => location.hash.endsWith(`&temperature=${most}`),
            most,
          );
          expect(errors).toEqual([]);
          await page.context().close();
        }
      });
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
        await page.context().close();
        await Deno.remove(half);
      });

      await t.step("axe finds no fault, wide and narrow, light and dark", async () => {
        for (const [width, colorScheme] of [[1280, "light"], [320, "dark"]] as const) {
          const { page } = await visit(browser, `${url}#model=regression`, width);
          await page.emulateMedia({ colorScheme });
          expect(await faultsOf(page)).toEqual([]);
          await begin(page, "coffee.png");
          await finished(page);
          expect(await faultsOf(page)).toEqual([]);
          const wider = await page.evaluate(() =>
            document.documentElement.scrollWidth - innerWidth
          );
          expect(wider).toBeLessThanOrEqual(0);
          await page.context().close();
        }
      });

      await t.step("fingers move the slider, the image and the area", async () => {
        const context = await browser.newContext({
          viewport: { width: 320, height: 640 },
          hasTouch: true,
          isMobile: true,
        });
        const { page, errors } = await visitIn(context, `${url}#model=regression`);
        await page.tap('[data-sample="chelsea.png"]');
        await page.tap(".run:enabled");
        await finished(page);
        const { x, y, width, height } = (await page.locator("sr-compare").boundingBox())!;
        const [left, middle, right] = [0.2, 0.5, 0.8].map((share) => ({
          x: x + share * width,
          y: y + height / 2,
        }));
        await swipe(page, [middle, right]);
        const slider = page.locator('[role="slider"]');
        expect(Number(await slider.getAttribute("aria-valuenow"))).toBe(80);

        // A swipe scrolls the page if the image is shown whole, and moves the image otherwise.
        const up = { ...left, y: left.y - 120 };
        await swipe(page, [left, up]);
        await page.waitForFunction(() => scrollY > 50);
        const whole = await viewOf(page);
        await page.evaluate(() => scrollTo(0, 0));
        await swipe(page, [{ ...middle, x: middle.x - 20 }, left], [
          { ...middle, x: middle.x + 20 },
          right,
        ]);
        const close = await viewOf(page);
        expect(close.zoom).toBeGreaterThan(3 * whole.zoom);
        expect(close.x).toBeCloseTo(0.5, 1);
        await swipe(page, [left, up]);
        const moved = await viewOf(page);
        expect(moved.y).toBeGreaterThan(close.y);
        expect(await page.evaluate(() => scrollY)).toBe(0);

        await page.tap('[data-zoom="fit"]');
        await page.tap(".trial");
        const drawn = page.locator(".pane output");
        const size = async () => (await drawn.textContent())!.split(" × ").map(Number);
        const [columns, rows] = await size();
        const corner = (await page.locator('[data-corner="se"]').boundingBox())!;
        const from = { x: corner.x + corner.width / 2, y: corner.y + corner.height / 2 };
        await swipe(page, [from, { x: from.x - 60, y: from.y - 40 }]);
        const smaller = await size();
        expect((columns - smaller[0]) / (rows - smaller[1])).toBeCloseTo(60 / 40, 0);
        const outside = { x: x + width - 10, y: middle.y + 85 };
        await swipe(page, [outside, { x: outside.x - 100, y: outside.y - 70 }]);
        const [across, down] = await size();
        expect(across / down).toBeCloseTo(100 / 70, 1);
        await page.tap(".trial");
        await says(page, "The area took");
        expect(errors).toEqual([]);
        await context.close();
      });

      await t.step("the page works offline after one visit to a plain host", async () => {
        await using host = servePlainly(url);
        const context = await browser.newContext();
        const { page } = await visitIn(context, `${host.url}#model=regression`);
        // The host sends no headers; the service worker does.
        expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
        await page.waitForFunction(() =>
          caches.open("srzoo page /photos/").then((cache) => cache.keys())
            .then((kept) => kept.some(({ url }) => url.endsWith("samples/astronaut.png")))
        );
        await page.evaluate(async () => {
          const cache = await caches.open("srzoo page /photos/");
          await cache.put("/photos/assets/older-1234.js", new Response("older"));
        });
        await page.reload();
        await untilReady(page);
        await page.waitForFunction(() =>
          caches.match("/photos/assets/older-1234.js").then((kept) => !kept)
        );
        await context.setOffline(true);
        await page.reload();
        await untilReady(page);
        await begin(page, "coffee.png");
        await finished(page);
        await page.selectOption(".format", "webp");
        expect((await readImage(await saved(page))).width).toBe(600);
        // A model that was not used before is not available; the one that was used is.
        await page.selectOption('[name="model"]', "srflow");
        await page.waitForFunction(() => document.querySelector(".error")!.textContent);
        expect(await page.textContent(".error")).toMatch(/Offline, only models that were used/);
        await page.selectOption('[name="model"]', "regression");
        await page.waitForSelector(".run:enabled");
        await page.selectOption('[name="model"]', "srflow");
        await page.waitForSelector(".retry:visible");
        await context.setOffline(false);
        await page.click(".retry");
        await page.waitForSelector(".run:enabled");
        await context.close();
      });
    }),
});

/** Serves a page as a static host does: under a path, and without headers for isolation. */
function servePlainly(url: string): AsyncDisposable & { url: string } {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/photos/")) return new Response("Not found", { status: 404 });
    const { status, body, headers } = await fetch(new URL(pathname.slice("/photos/".length), url));
    return new Response(body, {
      status,
      headers: { "content-type": headers.get("content-type") ?? "" },
    });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/photos/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
