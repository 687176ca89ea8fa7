import { expect } from "expect";
import { join } from "node:path";
import type { OutputFormat } from "../../lib/image/files/format.ts";
import { encodeImage, readImage } from "../../mod.ts";
import { isOwnResult } from "../../cli/provenance.ts";
import { inFolder } from "./_folder.ts";
import { exifOfDensity } from "../../lib/image/files/exif.ts";
import { picture, upscale } from "./_pictures.ts";

Deno.test(
  "isOwnResult() recognises results of this program in every format, and nothing else",
  inFolder(async (folder) => {
    const path = join(folder, "a");
    const isOwn = async (format: OutputFormat, text?: Record<string, string>) => {
      await Deno.writeFile(path, await encodeImage(picture(9, 7), { format, text }));
      return await isOwnResult(path);
    };
    for (const format of ["png", "jpeg", "webp"] as const) {
      expect([format, await isOwn(format, { Model: "m 1", Software: "srzoo 0.1.0" })])
        .toEqual([format, true]);
      expect([format, await isOwn(format, { Software: "another program" })])
        .toEqual([format, false]);
      expect([format, await isOwn(format)]).toEqual([format, false]);
    }
  }),
);

Deno.test(
  "isOwnResult() is false for files that are truncated, empty, foreign, missing or state wrong lengths",
  inFolder(async (folder) => {
    const path = join(folder, "a");
    const files = [
      new Uint8Array(),
      new TextEncoder().encode("Software\0srzoo 0.1.0"),
      Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, 0, 0, 0xff, 0xe1, 0, 0),
      new Uint8Array([...new TextEncoder().encode("RIFF\0\0\0\0WEBPXMP "), 255, 255, 255, 255]),
      (await encodeImage(picture(9, 7), { format: "png", text: { Software: "srzoo 1" } }))
        .subarray(0, 40),
    ];
    for (const bytes of files) {
      await Deno.writeFile(path, bytes);
      expect(await isOwnResult(path)).toBe(false);
    }
    expect(await isOwnResult(join(folder, "gone"))).toBe(false);
    expect(await isOwnResult(folder)).toBe(false);
  }),
);

Deno.test(
  "upscale --strip removes the input's metadata, and isOwnResult() still recognises the result",
  inFolder(async (folder) => {
    const density = { x: 3000, y: 3000 };
    const exif = exifOfDensity(density);
    const input = await encodeImage({ ...picture(9, 7), exif, density }, { format: "png" });
    await Deno.writeFile(join(folder, "a.png"), input);
    for (const format of ["png", "jpeg", "webp"]) {
      const out = join(folder, format);
      const flags = ["--model", "bicubic", "--quiet", "--format", format, "--strip"];
      expect((await upscale([...flags, "--out", out, join(folder, "a.png")])).code).toBe(0);
      const [{ name }] = [...Deno.readDirSync(out)];
      const path = join(out, name);
      const bytes = await Deno.readFile(path);
      const read = await readImage(bytes);
      expect([read.exif, read.iccProfile]).toEqual([undefined, undefined]);
      expect(read.density).not.toEqual(density);
      const text = new TextDecoder("latin1").decode(bytes);
      expect([text.includes("srzoo "), text.includes("bicubic")]).toEqual([true, false]);
      expect(await isOwnResult(path)).toBe(true);
      await Deno.remove(out, { recursive: true });
    }
  }),
);
