import { expect } from "expect";
import { pairsOf, protocolOf, protocols } from "../../bench/protocols.ts";
import { digestOf, findSet } from "../../bench/sets.ts";
import { resizeImage } from "../../mod.ts";
import { textured, withFolder, writePng } from "./_pictures.ts";

/** The name of a set in each layout, and the paths of an HR image and its LR image. */
const LAYOUTS = [
  ["Set5", "Set5/HR/a.png", "Set5/LRx4/a.png"],
  ["Set5", "Set5/HR/a.png", "Set5/LR_bicubic/X4/ax4.png"],
  ["Set5", "Set5/GTmod12/a.png", "Set5/LRbicx4/a.png"],
  ["Set5", "Set5/image_SRF_4/a_SRF_4_HR.png", "Set5/image_SRF_4/a_SRF_4_LR.png"],
  ["DIV2K", "DIV2K/DIV2K_valid_HR/a.png", "DIV2K/DIV2K_valid_LR_bicubic/X4/ax4.png"],
  ["DIV2K", "DIV2K_valid_HR/a.png", "DIV2K_valid_LR_bicubic/X4/ax4.png"],
  ["Kodak", "Kodak/a.png", undefined],
  ["Set5", "Set5/HR/a.png", undefined],
] as const;

for (const [name, high, low] of LAYOUTS) {
  Deno.test(`findSet() finds ${high} with ${low ?? "no LR"}`, () =>
    withFolder(async (folder) => {
      await writePng(`${folder}/${high}`, textured(16, 12));
      if (low) await writePng(`${folder}/${low}`, textured(4, 3));
      const set = await findSet(folder, name, 4);
      expect(set.name).toBe(name);
      expect(set.images).toEqual([
        { name: "a", high: `${folder}/${high}`, low: low && `${folder}/${low}` },
      ]);
    }));
}

Deno.test("findSet() takes a folder by its path, and says what it looked for", () =>
  withFolder(async (folder) => {
    await writePng(`${folder}/mine/b.png`, textured(16, 12));
    await writePng(`${folder}/mine/a.png`, textured(16, 12));
    const set = await findSet("/nowhere", `${folder}/mine/`, 4);
    expect([set.name, ...set.images.map((image) => image.name)]).toEqual(["mine", "a", "b"]);
    await expect(findSet(folder, "Set6", 4)).rejects.toThrow('Cannot find the set "Set6" x4');
  }));

Deno.test("findSet() refuses two images with the same name", () =>
  withFolder(async (folder) => {
    for (const name of ["a.png", "a.PNG"]) await writePng(`${folder}/s/${name}`, textured(16, 12));
    await expect(findSet(folder, "s", 4)).rejects.toThrow(/^Cannot tell .*a.* from .* by name/);
  }));

Deno.test("pairsOf() names an LR image whose size does not fit its HR image", () =>
  withFolder(async (folder) => {
    await writePng(`${folder}/s/HR/a.png`, textured(16, 12));
    await writePng(`${folder}/s/LRx4/a.png`, textured(5, 3));
    const set = await findSet(folder, "s", 4);
    await expect(pairsOf(set.images[0], set, protocolOf("whole"))).rejects.toThrow(
      /^Cannot pair .*LRx4\/a.png with .*HR\/a.png: 5x3 times 4 is not 16x12 cut to a multiple of 4, 8, 12$/,
    );
  }));

Deno.test("digestOf() changes with an image's bytes", () =>
  withFolder(async (folder) => {
    await writePng(`${folder}/s/a.png`, textured(16, 12));
    const before = await digestOf(await findSet(folder, "s", 4));
    expect(await digestOf(await findSet(folder, "s", 4))).toBe(before);
    await writePng(`${folder}/s/a.png`, textured(16, 12, 1));
    expect(await digestOf(await findSet(folder, "s", 4))).not.toBe(before);
  }));

Deno.test("pairsOf() makes LR with the exact bicubic, from HR cropped to a multiple of the scale", () =>
  withFolder(async (folder) => {
    await writePng(`${folder}/s/a.png`, textured(19, 13));
    const set = await findSet(folder, "s", 4);
    const [{ low, truth }] = await pairsOf(set.images[0], set, protocolOf("whole"));
    expect([low.width, low.height, truth.width, truth.height]).toEqual([4, 3, 16, 12]);
    expect(low.data).toEqual(resizeImage(truth, { width: 4, height: 3 }).data);
  }));

Deno.test("pairsOf() crops HR to fit a smaller LR file", () =>
  withFolder(async (folder) => {
    await writePng(`${folder}/s/HR/a.png`, textured(19, 16));
    await writePng(`${folder}/s/LRx4/a.png`, textured(4, 4, 9));
    const set = await findSet(folder, "s", 4);
    const [{ low, truth }] = await pairsOf(set.images[0], set, protocolOf("whole"));
    expect([low.data, truth.width]).toEqual([textured(4, 4, 9).data, 16]);
  }));

/** For each protocol the size of an image, and the sizes of the pairs cut out of it. */
const CUTS: Record<string, [number, number, string[]]> = {
  "whole": [330, 260, ["82x65 328x260"]],
  "srdiff": [330, 260, ["82x64 328x256"]],
  "160-patches": [330, 260, ["40x40 160x160", "40x40 160x160"]],
  "64-256": [330, 260, ["64x64 256x256"]],
  "32-128": [330, 260, ["32x32 128x128"]],
  "16-128": [330, 260, ["16x16 128x128"]],
  "64-512": [530, 520, ["64x64 512x512"]],
  "256-1024": [330, 260, []],
};

for (const [name, [width, height, expected]] of Object.entries(CUTS)) {
  Deno.test(`the protocol ${name} cuts ${expected.length} pairs out of ${width}x${height}`, () =>
    withFolder(async (folder) => {
      await writePng(`${folder}/s/a.png`, textured(width, height));
      const protocol = protocolOf(name);
      const set = await findSet(folder, "s", protocol.scale ?? 4);
      const pairs = await pairsOf(set.images[0], set, protocol);
      expect(
        pairs.map(({ low, truth }) => `${low.width}x${low.height} ${truth.width}x${truth.height}`),
      )
        .toEqual(expected);
    }));
}

Deno.test("protocolOf() lists the known protocols when it refuses a name", () => {
  expect(Object.keys(CUTS).sort()).toEqual(protocols.map((protocol) => protocol.name).sort());
  expect(() => protocolOf("64-1024")).toThrow("it is not one of whole, srdiff, 160-patches");
});

for (const folder of ["LR", "LRX4", "LR_x4", "lr-images"]) {
  Deno.test(`findSet() refuses a set with inputs in ${folder}, which it would ignore`, () =>
    withFolder(async (root) => {
      await writePng(`${root}/s/HR/a.png`, textured(16, 12));
      await writePng(`${root}/s/${folder}/a.png`, textured(4, 3));
      await expect(findSet(root, "s", 4)).rejects.toThrow(
        `its folder ${folder} is in no known layout`,
      );
    }));
}

Deno.test("findSet() ignores inputs of another scale, and takes names that end in the scale", () =>
  withFolder(async (root) => {
    await writePng(`${root}/s/HR/a.png`, textured(16, 12));
    await writePng(`${root}/s/LRx8/a.png`, textured(2, 1));
    expect((await findSet(root, "s", 4)).images[0].low).toBeUndefined();
    await writePng(`${root}/s/LRx4/ax4.png`, textured(4, 3));
    expect((await findSet(root, "s", 4)).images[0].low).toBe(`${root}/s/LRx4/ax4.png`);
    await writePng(`${root}/s/HR/b.png`, textured(16, 12));
    await expect(findSet(root, "s", 4)).rejects.toThrow("LRx4 has no image for b");
  }));

Deno.test("findSet() skips the files ._NAME that macOS leaves", () =>
  withFolder(async (root) => {
    await writePng(`${root}/s/a.png`, textured(16, 12));
    await Deno.writeTextFile(`${root}/s/._a.png`, "no image");
    expect((await findSet(root, "s", 4)).images.map(({ name }) => name)).toEqual(["a"]);
  }));

Deno.test("pairsOf() takes inputs of images that were cropped to a multiple of 4, 8 or 12, and no others", () =>
  withFolder(async (root) => {
    await writePng(`${root}/s/HR/a.png`, textured(47, 35));
    for (
      const [width, height, fits] of [[11, 8, true], [10, 8, true], [9, 6, true], [11, 7, false], [
        10,
        6,
        false,
      ]] as const
    ) {
      await writePng(`${root}/s/LRx4/a.png`, textured(width, height));
      const set = await findSet(root, "s", 4);
      const found = pairsOf(set.images[0], set, protocolOf("whole"));
      if (fits) expect((await found)[0].truth.width).toBe(4 * width);
      else await expect(found).rejects.toThrow(/^Cannot pair/);
    }
  }));
