import { expect } from "expect";
import { degraded, tracks } from "../../bench/degrade.ts";
import { readRecord } from "../../bench/record.ts";
import { findSet } from "../../bench/sets.ts";
import { readImage } from "../../lib/image/files/read.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import { psnrRgb } from "../../lib/metrics/mod.ts";
import { python } from "../_python.ts";
import { bench } from "./_bench.ts";
import { textured, withFolder, writePng } from "./_pictures.ts";

const table = await Deno.readTextFile(
  new URL("../../train/srzoo_train/data/tracks.py", import.meta.url),
);

Deno.test("tracks are the same as in the training pipeline", () => {
  const known = [...table.matchAll(/^ {4}"(\w+)": Damage/gm)].map(([, name]) => name);
  expect(tracks).toEqual(known);
});

Deno.test({
  name: "degraded() makes the inputs of a track once, and `clean` keeps the set (needs Python)",
  ignore: python === undefined,
  fn: () =>
    withFolder(async (folder) => {
      for (const name of ["a", "b"]) await writePng(`${folder}/s/${name}.png`, textured(98, 64));
      const set = await findSet(folder, "s", 4);
      expect(await degraded(set, "clean", folder)).toBe(set);
      const low = resizeImage(textured(96, 64), { width: 24, height: 16 });
      const qualities: number[] = [];
      for (const track of ["jpeg75", "worst"]) {
        const made = await degraded(set, track, folder);
        expect(made.name).toBe(`s-${track}`);
        const [a, b] = await Promise.all(made.images.map((image) => readImage(image.low!)));
        expect([a.width, a.height]).toEqual([24, 16]);
        expect(a.data.join() === b.data.join()).toBe(track === "jpeg75"); // noise differs by name
        qualities.push(psnrRgb(a, low));
        const before = (await Deno.stat(made.images[0].low!)).mtime;
        await degraded(set, track, folder);
        expect((await Deno.stat(made.images[0].low!)).mtime).toEqual(before);
      }
      expect(qualities[0]).toBeGreaterThan(qualities[1]);
      expect(qualities[0]).toBeLessThan(50);
    }),
});

Deno.test("bench --real measures images without ground truth, and makes a contact sheet", () =>
  withFolder(async (folder) => {
    for (const name of ["a", "b"]) await writePng(`${folder}/web/${name}.png`, textured(60, 56));
    const out = `${folder}/out.json`;
    const run = await bench([
      "--model",
      "bicubic",
      "--scale",
      "4",
      ...["--real", `${folder}/web`, "--out", out, "--quiet"],
    ]);
    expect([run.code, run.stderr]).toEqual([0, ""]);
    expect(run.stdout).toContain("Its columns: input, nearest, bicubic, lanczos3");
    const record = await readRecord(out);
    expect(record.sets.map(({ key, isReal }) => [key, isReal])).toEqual([["webx4", true]]);
    const figures = record.rows.map(({ samples }) => Object.keys(samples[0].figures));
    expect(figures.length).toBe(6);
    for (const keys of figures) {
      expect(keys).toContain("lrPsnr");
      for (const key of ["psnrY", "lpips", "colorError"]) expect(keys).not.toContain(key);
    }
    const sheet = await readImage(`${folder}/out.webx4.jpg`);
    expect([sheet.width, sheet.height]).toEqual([4 * (240 + 4), 2 * (224 + 4)]);
  }));

Deno.test("bench refuses an unknown track, and damage under a protocol that makes its own inputs", () =>
  withFolder(async (folder) => {
    await writePng(`${folder}/s/a.png`, textured(160, 160));
    const args = ["--model", "bicubic", "--set", `${folder}/s`, "--out", `${folder}/o.json`];
    const unknown = await bench([...args, "--degrade", "jpeg99"]);
    expect([unknown.code, unknown.stderr.includes("jpeg75")]).toEqual([2, true]);
    const cut = await bench([...args, "--degrade", "jpeg75", "--protocol", "160-patches"]);
    expect(cut.code).not.toBe(0);
    expect(cut.stderr).toContain(
      "Cannot damage the inputs (--degrade) under the protocol 160-patches",
    );
  }));
