import { expect } from "expect";
import { join } from "node:path";
import type { OutputFormat } from "../../lib/image/files/format.ts";
import { encodeImage } from "../../mod.ts";
import { isOwnResult } from "../../cli/provenance.ts";
import { inFolder } from "./_folder.ts";
import { picture } from "./_pictures.ts";

Deno.test(
  "isOwnResult() knows results of this program in every format, and nothing else",
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
  "isOwnResult() ends on files that are cut, empty, foreign, missing or say wrong lengths",
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
