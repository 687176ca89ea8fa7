import { expect } from "expect";
import {
  colorSpaceOf,
  grayProfile,
  powerCurve,
  rgbProfile,
  SRGB_CURVE,
  SRGB_PRIMARIES,
} from "../../lib/image/files/icc.ts";
import { densityOf, exifOfDensity, orientationOf } from "../../lib/image/files/exif.ts";
import { encodeImage } from "../../lib/image/files/encode.ts";
import type { OutputFormat } from "../../lib/image/files/format.ts";
import { pngFile } from "../../lib/image/files/containers/png.ts";
import { readImage } from "../../lib/image/files/read.ts";
import type { Image } from "../../lib/image/image.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import { gradient } from "../contracts/codec.ts";
import { caseFile, hasData } from "./_data.ts";

const FORMATS: readonly OutputFormat[] = ["png", "jpeg", "webp"];

/** An EXIF block with a camera, an orientation, a size and a thumbnail. */
function camera(orientation: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(120));
  const field = (at: number, tag: number, type: number, count: number, value: number) => {
    view.setUint16(at, tag);
    view.setUint16(at + 2, type);
    view.setUint32(at + 4, count);
    if (type === 3) view.setUint16(at + 8, value);
    else view.setUint32(at + 8, value);
  };
  view.setUint32(0, 0x4d4d002a);
  view.setUint32(4, 8);
  view.setUint16(8, 3);
  field(10, 0x010f, 2, 6, 100); // make
  field(22, 0x0112, 3, 1, orientation);
  field(34, 0x8769, 4, 1, 50); // offset of the EXIF directory
  view.setUint32(46, 80); // offset of the thumbnail's directory
  view.setUint16(50, 2);
  field(52, 0xa002, 4, 1, 11);
  field(64, 0xa003, 3, 1, 22);
  view.setUint16(80, 0);
  const bytes = new Uint8Array(view.buffer);
  bytes.set(new TextEncoder().encode("srcam\0"), 100);
  return bytes;
}

/** A PNG file of a gradient with chunks after its header. */
async function pngWith(
  channels: 1 | 3,
  ...chunks: [type: string, data: number[]][]
): Promise<Uint8Array<ArrayBuffer>> {
  const plain = await encodeImage(gradient(8, 8, channels), { format: "png" });
  const extra = pngFile(chunks.map(([type, data]) => ({ type, data: Uint8Array.from(data) })));
  return new Uint8Array([...plain.subarray(0, 33), ...extra.subarray(8), ...plain.subarray(33)]);
}

/** Values as 32-bit numbers in units of 1/100000. */
function hundredThousandths(...values: number[]): number[] {
  return values.flatMap((value) => {
    const n = Math.round(value * 100000);
    return [n >>> 24, n >> 16 & 255, n >> 8 & 255, n & 255];
  });
}

/** The red primary of a profile, in XYZ. */
function redOf(profile: Uint8Array): number[] {
  const view = new DataView(profile.buffer, profile.byteOffset);
  for (let i = 0; i < view.getUint32(128); i++) {
    const name = String.fromCharCode(...profile.subarray(132 + 12 * i, 136 + 12 * i));
    const at = view.getUint32(136 + 12 * i);
    if (name === "rXYZ") return [8, 12, 16].map((skip) => view.getInt32(at + skip) / 65536);
  }
  return [];
}

for (const format of FORMATS) {
  Deno.test(`encodeImage() keeps camera and density of an enlarged photograph in ${format}, and strips them`, async () => {
    const source: Image = {
      ...gradient(20, 10, 3),
      exif: camera(1),
      density: { x: 300 / 0.0254, y: 300 / 0.0254 },
    };
    const large = resizeImage(source, { width: 40, height: 20 });
    const read = await readImage(await encodeImage(large, { format }));
    const exif = read.exif!;
    expect(new TextDecoder().decode(exif)).toContain("srcam");
    expect(orientationOf(exif)).toBe(1);
    const view = new DataView(exif.buffer);
    expect([view.getUint32(60), view.getUint16(72)]).toEqual([40, 20]);
    // WebP keeps the density only in EXIF, and this block has none
    if (format !== "webp") expect(read.density!.x * 0.0254).toBeCloseTo(300, 1);
    const stripped = await readImage(await encodeImage(large, { format, metadata: "strip" }));
    expect([stripped.exif, stripped.iccProfile]).toEqual([undefined, undefined]);
  });

  Deno.test(`readImage() turns a ${format} image upright by its EXIF, which then says so`, async () => {
    const source: Image = { ...gradient(20, 10, 3), exif: camera(6) };
    const read = await readImage(await encodeImage(source, { format }));
    expect([read.width, read.height]).toEqual([10, 20]);
    expect(orientationOf(read.exif!)).toBe(1);
    expect(new DataView(read.exif!.buffer).getUint32(46)).toBe(0); // no thumbnail
  });
}

Deno.test("encodeImage() keeps the density of an image without EXIF in WebP", async () => {
  const density = { x: 11811, y: 11811 };
  const bytes = await encodeImage({ ...gradient(4, 4, 3), density }, { format: "webp" });
  expect((await readImage(bytes)).density!.x).toBeCloseTo(11811, -1);
  expect(densityOf(exifOfDensity(density))!.y).toBeCloseTo(11811, -1);
});

Deno.test("rgbProfile() has the same red as ICC's own sRGB profile", () => {
  const red = redOf(rgbProfile(SRGB_PRIMARIES, SRGB_CURVE));
  const published = [0.43607, 0.22249, 0.01392]; // sRGB2014.icc of the ICC
  red.forEach((value, i) => expect(Math.abs(value - published[i])).toBeLessThan(0.0005));
});

Deno.test("readImage() keeps the meaning of gAMA, cHRM and cICP as a profile, in every format", async () => {
  const adobe = hundredThousandths(0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06);
  const srgb = hundredThousandths(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06);
  const files: [[string, number[]][], string | undefined][] = [
    [[["gAMA", hundredThousandths(1)]], "gAMA and cHRM kept as an ICC profile"],
    [
      [["gAMA", hundredThousandths(0.45455)], ["cHRM", adobe]],
      "gAMA and cHRM kept as an ICC profile",
    ],
    [[["cICP", [12, 13, 0, 1]]], "cICP kept as an ICC profile"],
    [[["cICP", [9, 16, 0, 1]]], "colours by cICP 9/16 left out: no profile can express them"],
    [[["gAMA", hundredThousandths(0.45455)], ["cHRM", srgb]], undefined],
    [[["sRGB", [0]], ["gAMA", hundredThousandths(1)]], undefined],
    [[["cHRM", hundredThousandths(0, 0, 0, 0, 0, 0, 0, 0)]], "damaged gAMA or cHRM left out"],
  ];
  for (const [chunks, note] of files) {
    for (const channels of [1, 3] as const) {
      const image = await readImage(await pngWith(channels, ...chunks));
      expect(image.notes).toEqual(note && [note]);
      const kept = note?.includes("kept") ?? false;
      expect(image.iccProfile && colorSpaceOf(image.iccProfile))
        .toBe(kept ? (channels === 1 ? "GRAY" : "RGB ") : undefined);
      for (const format of kept ? FORMATS : []) {
        const notes: string[] = [];
        const bytes = await encodeImage(image, { format, onNote: (lost) => notes.push(lost) });
        const { iccProfile } = await readImage(bytes);
        expect([notes, iccProfile !== undefined]).toEqual([[], true]);
      }
    }
  }
});

Deno.test("encodeImage() says in one line what it cannot keep", async () => {
  const large = new Uint8Array(17_000_000);
  large.set(new TextEncoder().encode("RGB XYZ "), 16);
  const cases: [Partial<Image>, OutputFormat, string][] = [
    [{ iccProfile: large }, "jpeg", "ICC profile left out: JPEG cannot hold its 17000 kB"],
    [{ iccProfile: large }, "png", "ICC profile left out: PNG cannot hold its 17000 kB"],
    [{ exif: new Uint8Array(70_000) }, "jpeg", "EXIF left out: JPEG cannot hold its 70 kB"],
    [
      { iccProfile: new Uint8Array(200), channels: 3 },
      "webp",
      "ICC profile left out: it is not for the colours of the file",
    ],
  ];
  for (const [what, format, note] of cases) {
    const notes: string[] = [];
    const image = { ...gradient(4, 4, 3), ...what };
    const bytes = await encodeImage(image, { format, onNote: (lost) => notes.push(lost) });
    expect(notes).toEqual([note]);
    expect((await readImage(bytes)).width).toBe(4);
  }
});

Deno.test("encodeImage() converts a gray profile into an RGB one, and back", async () => {
  const gray: Image = { ...gradient(4, 4, 1), iccProfile: grayProfile(powerCurve(1.8)) };
  const jpeg = await readImage(await encodeImage(gray, { format: "webp" }));
  expect(colorSpaceOf(jpeg.iccProfile!)).toBe("RGB ");
  const again = await encodeImage({ ...jpeg, channels: 1 }, { format: "png" });
  expect((await readImage(again)).iccProfile).toEqual(gray.iccProfile);
});

Deno.test("encodeImage() names the known formats", async () => {
  const format = "gif" as OutputFormat;
  await expect(encodeImage(gradient(4, 4, 3), { format })).rejects
    .toThrow("Cannot write gif: choose png, jpeg or webp");
});

Deno.test({
  name: "readImage() and encodeImage() keep profile, density and EXIF of the recorded cases",
  ignore: !hasData,
  async fn() {
    const read = (file: string) => readImage(caseFile(file));
    for (const file of ["gama-linear.png", "cicp-p3.png"]) {
      const image = await read(file);
      expect([file, image.notes?.length, image.iccProfile !== undefined]).toEqual([file, 1, true]);
    }
    const gray = await read("gray-icc-gamma1.8.jpg");
    expect([gray.channels, colorSpaceOf(gray.iccProfile!)]).toEqual([1, "GRAY"]);
    const jpeg = await readImage(await encodeImage(gray, { format: "jpeg" }));
    expect(colorSpaceOf(jpeg.iccProfile!)).toBe("RGB ");
    expect((await read("phys-300dpi.png")).density!.x * 0.0254).toBeCloseTo(300, 1);
    const photograph = await read("exif-kept.jpg");
    expect(photograph.density!.x * 0.0254).toBeCloseTo(300, 1);
    const again = await readImage(await encodeImage(photograph, { format: "jpeg" }));
    expect(again.exif).toEqual(photograph.exif);
  },
});

Deno.test("encodeImage() refuses text whose name or characters a format cannot hold", async () => {
  const image = { width: 1, height: 1, data: new Uint8ClampedArray(4).fill(255) };
  const names = ["", "1st", "a\0b", "ä", "k".repeat(80)];
  const refused: Record<string, string>[] = [...names.map((name) => ({ [name]: "x" })), {
    a: "\0",
  }];
  for (const format of ["png", "jpeg", "webp"] as const) {
    for (const text of refused) {
      await expect(encodeImage(image, { format, text })).rejects.toThrow("Cannot write the text");
    }
    const text = { ["k".repeat(79)]: "a\tb\n", "Creation Time": "ä 日本 \u{1f600}" };
    await encodeImage(image, { format, text });
  }
});
