import { expect } from "expect";
import { DecodeError, UnsupportedError } from "../../lib/errors.ts";
import { encodeImage } from "../../lib/image/files/encode.ts";
import { readImage } from "../../lib/image/files/read.ts";
import type { Image } from "../../lib/image/image.ts";
import { badInput, badInputs, hasData } from "./_data.ts";

/** A 3x2 image of six grays. */
function small(channels: 1 | 2 | 3 | 4, alpha = 255): Image {
  const data = new Uint8ClampedArray(24);
  for (let i = 0; i < 6; i++) data.set([i * 50, i * 50, i * 50, alpha], 4 * i);
  return { width: 3, height: 2, data, channels };
}

/** Bytes that pass for an ICC profile: long enough, with a colour space where it belongs. */
function profile(space: string, length = 200_000): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from({ length }, (_, i) => i * 7 & 255);
  bytes.set(new TextEncoder().encode(space), 16);
  return bytes;
}

function meanDifference(a: Image, b: Image): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return a.data.reduce((sum, byte, i) => sum + Math.abs(byte - b.data[i]), 0) / a.data.length;
}

const list = hasData ? await badInputs() : [];

for (const end of ["decodes", "must be refused with a clear error", "either"]) {
  Deno.test({
    name: `readImage() treats every odd file as the manifest says: ${end}`,
    ignore: !hasData,
    async fn() {
      const files = list.filter(({ expected }) => expected === end);
      expect(files.length).toBeGreaterThan(40);
      const wrong: string[] = [];
      for (const { file } of files) {
        const read = await readImage(badInput(file)).catch((error: Error) => error);
        if (read instanceof Error) {
          const clear = (read instanceof DecodeError || read instanceof UnsupportedError) &&
            /^Cannot [^\n]+$/.test(read.message);
          if (end === "decodes" || !clear) wrong.push(`${file}: ${read}`);
        } else if (end.startsWith("must")) wrong.push(`${file}: read`);
        else if (read.data.length !== 4 * read.width * read.height) wrong.push(`${file}: length`);
      }
      expect(wrong).toEqual([]);
    },
  });
}

Deno.test({
  name: "readImage() turns every EXIF orientation upright",
  ignore: !hasData,
  async fn() {
    const reference = await readImage(badInput("exif-upright-reference.png"));
    for (let orientation = 2; orientation <= 8; orientation++) {
      const turned = await readImage(badInput(`exif-orientation-${orientation}.jpg`));
      expect(meanDifference(turned, reference)).toBeLessThan(3); // apart from the noise of JPEG
    }
  },
});

Deno.test({
  name: "readImage() reports what the source had and what was dropped",
  ignore: !hasData,
  async fn() {
    const read = async (file: string) => await readImage(badInput(file));
    expect((await read("gray.jpg")).channels).toBe(1);
    expect((await read("gray-alpha8.png")).channels).toBe(2);
    expect((await read("palette-trns.png")).channels).toBe(4);
    expect((await read("lossy.webp")).channels).toBe(3);
    expect((await read("alpha.webp")).channels).toBe(4);
    expect((await read("rgb16.png")).notes).toEqual(["16-bit reduced to 8 bit"]);
    expect((await read("animated.png")).notes).toEqual(["first image of an animation"]);
    expect((await read("corpus-weird_components.jpg")).iccProfile?.length).toBe(3048);
    expect((await read("rgba8.png")).notes).toBeUndefined();
  },
});

Deno.test("readImage() takes bytes, a Blob, a data URL, a path, and an Image as it is", async () => {
  const image = small(3);
  const bytes = await encodeImage(image, { format: "png" });
  const path = await Deno.makeTempFile({ suffix: ".png" });
  await Deno.writeFile(path, bytes);
  const url = `data:image/png;base64,${btoa(String.fromCharCode(...bytes))}`;
  for (const source of [bytes, new Blob([new Uint8Array(bytes)]), url, path]) {
    expect((await readImage(source)).data).toEqual(image.data);
  }
  expect(await readImage(image)).toBe(image);
  await Deno.remove(path);
});

Deno.test("readImage() needs no permissions except to read and to load native code", async () => {
  const path = await Deno.makeTempFile({ suffix: ".png" });
  await Deno.writeFile(path, await encodeImage(small(3), { format: "png" }));
  const module = new URL("../../lib/image/files/read.ts", import.meta.url);
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    script,
    `import { readImage } from "${module}"; console.log((await readImage("${path}")).width);`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const run = async (...permissions: string[]) => {
    const args = ["run", "--no-check", "--no-prompt", "--config", config, ...permissions, script];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  };
  expect(await run("--allow-read", "--allow-ffi")).toBe("3\n");
  expect(await run("--allow-read")).toContain("Allow native code (--allow-ffi)");
  await Promise.all([path, script].map((file) => Deno.remove(file)));
});

Deno.test("readImage() refuses images beyond the memory, and rejects when its signal aborts", async () => {
  const bytes = await encodeImage(small(3), { format: "png" });
  const needed = 16 * 3 * 2 + 3 * bytes.length; // pixels, and copies of the file
  await expect(readImage(bytes, { memory: needed - 1 })).rejects.toThrow("decoding it takes");
  expect((await readImage(bytes, { memory: needed })).width).toBe(3);
  await expect(readImage(bytes, { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
});

for (const format of ["png", "jpeg", "webp"] as const) {
  Deno.test(`encodeImage() writes profile and text into ${format}, or strips them`, async () => {
    const image = { ...small(3), iccProfile: profile("RGB ") };
    const text = { model: 'srdiff <4x> & "more"', seed: "7", title: "\u753b" };
    const bytes = await encodeImage(image, { format, text });
    expect((await readImage(bytes)).iccProfile).toEqual(image.iccProfile);
    const content = new TextDecoder().decode(bytes);
    expect(content).toContain("srdiff");
    expect(content).toContain("\u753b");
    const stripped = await encodeImage(image, { format, text, metadata: "strip" });
    expect((await readImage(stripped)).iccProfile).toBeUndefined();
    expect(new TextDecoder().decode(stripped)).not.toContain("srdiff");
  });
}

Deno.test("encodeImage() writes gray as gray in PNG, with a gray profile only", async () => {
  for (const channels of [1, 2] as const) {
    const bytes = await encodeImage({ ...small(channels, 9), iccProfile: profile("GRAY") }, {
      format: "png",
    });
    const read = await readImage(bytes);
    expect([read.channels, read.iccProfile?.length]).toEqual([channels, 200_000]);
  }
  const colored = await encodeImage({ ...small(1), iccProfile: profile("RGB ") }, {
    format: "png",
  });
  expect((await readImage(colored)).iccProfile).toBeUndefined();
});

Deno.test("encodeImage() refuses alpha in JPEG, or lays a background under it", async () => {
  const clear = small(4, 0);
  await expect(encodeImage(clear, { format: "jpeg" })).rejects.toThrow(UnsupportedError);
  const bytes = await encodeImage(clear, { format: "jpeg", background: [250, 250, 250] });
  const read = await readImage(bytes);
  expect(read.channels).toBe(3);
  expect(read.data.every((byte) => byte > 245)).toBe(true);
});

Deno.test("encodeImage() refuses images that the format cannot hold", async () => {
  const long: Image = { width: 16384, height: 1, data: new Uint8ClampedArray(65536), channels: 3 };
  await expect(encodeImage(long, { format: "webp" })).rejects.toThrow("at most 16383");
  await expect(encodeImage(small(3), { format: "jpeg", quality: 0 })).rejects.toThrow(RangeError);
});

Deno.test("readImage() refuses pixels that are not bytes, or of the wrong number", async () => {
  const bytes = new Uint8ClampedArray(16);
  const odd: [Record<string, unknown>, RegExp][] = [
    [
      { width: 1, height: 1, data: Float32Array.of(NaN, 300, -5, 255) },
      /must be a Uint8ClampedArray/,
    ],
    [{ width: 2, height: 2, data: [...bytes] }, /must be a Uint8ClampedArray/],
    [{ width: 2, height: 1, data: bytes }, /with 16 bytes: it must have 4/],
    [{ width: 4, height: 2, data: bytes }, /with 16 bytes: it must have 4/],
    [{ width: NaN, height: 1, data: bytes }, /4 bytes for each of its pixels/],
    [{ width: 0.5, height: 8, data: bytes }, /4 bytes for each of its pixels/],
    [{ width: "2", height: 2, data: bytes }, /4 bytes for each of its pixels/],
    [{ width: 2, height: 2, data: bytes, channels: 7 }, /7 channels: it must have 1, 2, 3 or 4/],
  ];
  for (const [image, message] of odd) {
    await expect(readImage(image as never)).rejects.toThrow(message);
  }
  expect((await readImage({ width: 2, height: 2, data: new Uint8Array(16) } as never)).width).toBe(
    2,
  );
});
