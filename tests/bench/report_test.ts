import { expect } from "expect";
import { chromium, type Page } from "playwright-core";
import { openGallery } from "../../bench/gallery.ts";
import { thisMachine } from "../../bench/machine.ts";
import { type BenchRecord, openRecord } from "../../bench/record.ts";
import { writeReport } from "../../bench/report/report.ts";
import type { SpeedRow } from "../../bench/speed/row.ts";
import { resizeImage } from "../../mod.ts";
import { browserPath } from "../_browser.ts";
import { textured, withFolder } from "./_pictures.ts";

const METHODS = ["bicubic", "<sharp>"];
const IMAGES = Array.from({ length: 12 }, (_, i) => `p${String(i).padStart(2, "0")}`);

/** Twelve images by two methods; LPIPS of bicubic rises with the name, that of the other falls. */
async function exampleRecord(folder: string): Promise<BenchRecord> {
  const record = await openRecord(`${folder}/none.json`, await thisMachine(), "deno task bench");
  const gallery = openGallery(`${folder}/crops`);
  const set = {
    name: "s",
    scale: 4,
    protocol: "whole images",
    images: 12,
    digest: "d".repeat(64),
  };
  record.sets = ["sx4", "tx4"].map((key) => ({ ...set, key }));
  record.methods = METHODS.map((name) => ({
    name,
    generative: false,
    digest: name,
    facts: { kind: "baseline" },
  }));
  for (const { key } of record.sets) {
    for (const [i, image] of IMAGES.entries()) {
      const truth = textured(160, 140, i);
      const low = resizeImage(truth, { width: 40, height: 35 });
      for (const method of METHODS) {
        const lpips = method === "bicubic" ? 0.1 + i / 100 : 0.3 - i / 100;
        await gallery.keep(key, { name: image, low, truth }, method, resizeImage(low, truth));
        const samples = [{ seed: 0, figures: { psnrY: 25 + i, lpips } }];
        const digests = { methodDigest: method, setDigest: set.digest };
        record.rows.push({ method, set: key, image, samples, together: {}, ...digests });
      }
    }
  }
  record.speed = [40, 80].map((width) => speedRow(width));
  return record;
}

function speedRow(width: number): SpeedRow {
  const times = { load: 100, first: 90, steady: width, runs: 3, chain: 200, unit: 200, peak: 150 };
  const size = { width, height: width, scale: 4 };
  return {
    methodDigest: "bicubic",
    machine: "a machine",
    method: "bicubic",
    provider: "native",
    precision: "fp32",
    threads: 2,
    nfe: 1,
    ...size,
    ...times,
  };
}

Deno.test("writeReport() makes one file that refers to no other", () =>
  withFolder(async (folder) => {
    const record = { ...await exampleRecord(folder), vs: [["<sharp>", "bicubic"] as const] };
    await writeReport(`${folder}/r.html`, record, `${folder}/crops`);
    const html = await Deno.readTextFile(`${folder}/r.html`);
    expect(html.match(/(?:src|href)="(?!data:|#)[^"]*"/g)).toBeNull();
    expect(html.match(/<svg/g)?.length).toBe(5); // two sets, time against LPIPS, time and memory
    expect(html).not.toContain("<sharp>");
    expect(html).toContain("sx4: &lt;sharp&gt; - bicubic");
  }));

/** Checks that arrow keys move between crops and that the space bar shows the image compared with. */
async function keyboard(page: Page) {
  const focused = () =>
    page.evaluate(() => {
      const figure = document.activeElement?.closest("figure");
      const image = figure?.closest("section")?.querySelector("h3")?.textContent;
      return `${image} ${figure?.querySelector("figcaption")?.textContent}`;
    });
  await page.locator("#held").selectOption("bicubic");
  await page.locator(".crop").first().focus();
  for (const key of ["ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
  const second = `${IMAGES[1]} <sharp> 26.00 dB, LPIPS 0.290`;
  expect(await focused()).toBe(second);
  await page.keyboard.down(" ");
  expect(await focused()).toBe(`${IMAGES[1]} bicubic 26.00 dB, LPIPS 0.110`);
  await page.keyboard.up(" ");
  expect(await focused()).toBe(second);
  await page.keyboard.press("ArrowUp");
  expect(await focused()).toBe(`${IMAGES[0]} <sharp> 25.00 dB, LPIPS 0.300`);
}

/** Lowest WCAG contrast of the texts of page and plots against the background. */
async function contrast(page: Page): Promise<number> {
  return await page.evaluate(() => {
    const light = (color: string) => {
      const [r, g, b] = color.match(/[\d.]+/g)!.slice(0, 3).map((part) => {
        const value = Number(part) / 255;
        return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = light(getComputedStyle(document.body).backgroundColor);
    const inks = [...document.querySelectorAll("svg text, td, th, p, figcaption, h2")].map((e) => {
      const style = getComputedStyle(e);
      return light(e.tagName === "text" ? style.fill : style.color);
    });
    return Math.min(
      ...inks.map((ink) => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)),
    );
  });
}

Deno.test({
  name:
    "the report's viewer shows the worst ten first, more on demand, and the truth under the pointer " +
    "(needs a browser)",
  ignore: browserPath === undefined,
  fn: () =>
    withFolder(async (folder) => {
      await writeReport(`${folder}/r.html`, await exampleRecord(folder), `${folder}/crops`);
      const running = await chromium.launch({
        executablePath: browserPath,
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--no-first-run",
          "--disable-background-networking",
        ],
      });
      try {
        const page = await running.newPage();
        const errors: string[] = [];
        page.on("pageerror", (error) => errors.push(error.message));
        await page.goto(`file://${folder}/r.html`);
        const names = () => page.locator("#list h3").allTextContents();
        expect(await page.locator("#order").inputValue()).toBe("<sharp>"); // an order is always chosen
        expect(await names()).toEqual(IMAGES.slice(0, 10));
        await page.locator("#order").selectOption("bicubic");
        expect(await names()).toEqual(IMAGES.toReversed().slice(0, 10));
        await page.locator("#order").selectOption("<sharp>");
        expect(await names()).toEqual(IMAGES.slice(0, 10));
        expect(await page.locator("#list img").count()).toBe(30);
        await page.locator("#more").click();
        expect((await names()).length).toBe(12);
        expect(await page.locator("#more").isVisible()).toBe(false);
        const crop = page.locator("#list img").nth(1);
        const truth = await page.locator("#list img").nth(0).getAttribute("src");
        expect(await crop.getAttribute("src")).not.toBe(truth);
        await crop.hover();
        expect(await crop.getAttribute("src")).toBe(truth);
        await page.mouse.move(0, 0);
        expect(await crop.getAttribute("src")).not.toBe(truth);
        await keyboard(page);
        const loaded = await page.locator("#list img").evaluateAll((images) =>
          (images as HTMLImageElement[]).every((image) => image.naturalWidth === 128)
        );
        expect(loaded).toBe(true);
        await page.locator("#set").selectOption("tx4");
        expect((await names()).length).toBe(10);
        await page.setViewportSize({ width: 360, height: 640 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(wide).toBeLessThanOrEqual(360); // wide tables scroll on their own
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          expect(await contrast(page)).toBeGreaterThan(4.5);
        }
        expect(errors).toEqual([]);
      } finally {
        await running.close();
      }
    }),
});
