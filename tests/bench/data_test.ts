import { expect } from "expect";
import { existsSync } from "node:fs";
import { checkData, makeLow } from "../../bench/data.ts";
import { knownSets } from "../../bench/known_sets.ts";
import { findSet } from "../../bench/sets.ts";
import { readImage } from "../../mod.ts";
import { largestDifference } from "../_difference.ts";
import { textured, withFolder, writePng } from "./_pictures.ts";

const root = new URL("../../", import.meta.url);
const sets = new URL("../shared/data/eval/", root);

async function data(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", "--no-check", "bench/data.ts", ...args],
    cwd: root,
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("deno task data prints the place and terms of every set", async () => {
  const { code, text } = await data();
  expect(code).toBe(0);
  for (const { name, place, terms, source } of knownSets) {
    for (const part of [name, place, terms, source]) expect(text).toContain(part);
  }
  expect(text).toMatch(/^Set5:(?:.*\n){4} +check: to the pixel$/m);
  for (const name of ["Urban100", "DIV2K-val"]) {
    expect(text).toMatch(
      new RegExp(`^${name}:(?:.*\\n){4} +check: names and number alone: .*not available`, "m"),
    );
  }
});

Deno.test("checkData() reports images that are not in the set, occur twice, or are missing", () =>
  withFolder(async (folder) => {
    for (const name of ["a", "b"]) await writePng(`${folder}/HR/${name}.png`, textured(40, 30));
    const { images, faults, compared } = await checkData("set5", folder);
    expect([images, compared]).toEqual([2, "pixels"]);
    expect(faults[0]).toBe("it has 2 images, Set5 has 5");
    expect(faults).toContain("a (40x30) is not an image of Set5");
    expect(faults.filter((fault) => /img_00\d of Set5 is missing/.test(fault)).length).toBe(5);
    const other = await checkData("FFHQ", folder);
    expect(other).toMatchObject({ compared: "names" });
    expect(other.faults).toEqual([
      "it has 2 images, FFHQ has 70000",
      "a, b are not names in FFHQ",
      "00000, 00001, 00002, 00003, 00004 and 69995 more are missing from FFHQ",
      "b is there twice",
    ]);
    const last = await checkData("DF2K", folder);
    expect([last.compared, last.faults.length]).toEqual(["number", 2]);
    await expect(checkData("Set6", folder)).rejects.toThrow(/known sets are Set5, Set14/);
  }));

Deno.test("checkData() compares names where the pixels of a set are not known", () =>
  withFolder(async (folder) => {
    for (let i = 801; i <= 900; i++) {
      await writePng(`${folder}/DIV2K_valid_HR/0${i}.png`, textured(12, 8, i));
    }
    expect(await checkData("DIV2K-val", folder))
      .toEqual({ images: 100, faults: [], compared: "names" });
    await Deno.rename(`${folder}/DIV2K_valid_HR/0850.png`, `${folder}/DIV2K_valid_HR/1.png`);
    const { faults } = await checkData("DIV2K-val", folder);
    expect(faults).toEqual(["1 is not a name in DIV2K-val", "0850 is missing from DIV2K-val"]);
  }));

Deno.test("makeLow() makes files that the bench takes as the inputs of a set", () =>
  withFolder(async (folder) => {
    await writePng(`${folder}/HR/a.png`, textured(43, 30));
    expect(await makeLow(folder, 4)).toBe(1);
    expect(await makeLow(folder, 4)).toBe(0); // existing files stay
    const { images: [{ low }] } = await findSet(folder, folder, 4);
    expect(await readImage(low!)).toMatchObject({ width: 10, height: 7 });
    await writePng(`${folder}/HR/b.png`, textured(3, 3));
    await expect(makeLow(folder, 4)).rejects.toThrow(/b\.png: 3x3 is smaller than 4/);
  }));

Deno.test("findSet() names the command that says where to get sets if a set is unknown", () =>
  withFolder(async (folder) => {
    await expect(findSet(folder, "Set6", 4)).rejects.toThrow(/"deno task data" says/);
  }));

Deno.test({
  name:
    "checkData() finds the sets right to the pixel, and makeLow() makes their inputs (needs ../shared)",
  ignore: !existsSync(sets),
  fn: () =>
    withFolder(async (folder) => {
      for (const set of ["Set5", "Set14"]) {
        const { faults, compared } = await checkData(set, new URL(set, sets).pathname);
        expect([compared, faults]).toEqual(["pixels", []]);
      }
      const own = new URL("Set5/", sets).pathname;
      await Deno.mkdir(`${folder}/HR`);
      const { images } = await findSet(own, own, 4);
      for (const { name, high } of images) await Deno.copyFile(high, `${folder}/HR/${name}.png`);
      await makeLow(folder, 4);
      for (const { name, low } of images) {
        const made = await readImage(`${folder}/LRx4/${name}.png`);
        const wanted = await readImage(low!);
        expect([name, largestDifference(made.data, wanted.data) <= 1]).toEqual([name, true]);
      }
    }),
});
