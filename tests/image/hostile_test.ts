import { expect } from "expect";
import { joined } from "../../lib/bytes.ts";
import { UnsupportedError } from "../../lib/errors.ts";
import type { Codec } from "../../lib/image/files/codecs/codec.ts";
import { imagescriptCodec } from "../../lib/image/files/codecs/imagescript.ts";
import { crc32 } from "../../lib/image/files/containers/crc32.ts";
import { extended, webpChunks, webpFile } from "../../lib/image/files/containers/webp.ts";
import { encodeImage } from "../../lib/image/files/encode.ts";
import { readImage } from "../../lib/image/files/read.ts";
import { sniff } from "../../lib/image/files/sniff.ts";
import { gradient } from "../contracts/codec.ts";
import { caseFile, hasData } from "./_data.ts";

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** Milliseconds that `work` takes, whether it fails or not; the best of three, in case the machine is busy. */
async function took(work: () => unknown): Promise<number> {
  return Math.min(await once(work), await once(work), await once(work));
}

async function once(work: () => unknown): Promise<number> {
  const start = performance.now();
  try {
    await work();
  } catch {
    // only the time matters
  }
  return performance.now() - start;
}

Deno.test("sniff() names text files by their content", () => {
  const named = (text: string) => {
    try {
      return sniff(latin1(text));
    } catch (error) {
      return (error as Error).message.match(/^Cannot read (\S+): convert/)?.[1];
    }
  };
  const drawings = [
    "<svg",
    "\xef\xbb\xbf  <svg xmlns",
    '<?xml version="1.0"?>\n<!-- one --> <!-- two -->\n<!DOCTYPE svg PUBLIC "x">\n<SVG>',
  ];
  for (const text of drawings) expect(named(text)).toBe("SVG");
  expect(named(" <!DOCTYPE html><svg>")).toBe("HTML");
  expect(named(' {"a": 1}')).toBe("JSON");
  expect(named("[ 1, 2]")).toBe("JSON");
  for (const text of ["{x", "[", "<?xml ?>", "<!-- <svg", "RIFF1234WEB"]) {
    expect(named(text)).toBeUndefined();
  }
});

Deno.test("sniff() stays fast for any repetition of comments and spaces", async () => {
  const plain = await took(() => sniff(latin1("a".repeat(512))));
  const limit = 100 * Math.max(1, plain); // an earlier regular expression took seconds for 182 bytes
  for (
    const part of ["<!---->", "<!-- -->", "<!--", "-->", "<?xml ?>", " ", "[ ", "<!doctype svg"]
  ) {
    for (let lead = 0; lead < 4; lead++) {
      const text = " ".repeat(lead) + part.repeat(Math.ceil(512 / part.length)) + "x";
      expect([part, await took(() => sniff(latin1(text))) < limit]).toEqual([part, true]);
    }
  }
});

Deno.test("readImage() refuses a truncated JPEG file, wherever it was cut", async () => {
  const bytes = await encodeImage(gradient(90, 70, 3), { format: "jpeg" });
  const scan = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xda) + 14;
  expect((await readImage(bytes)).width).toBe(90);
  for (const share of [0, 0.1, 0.5, 0.9, 0.97]) {
    const cut = scan + Math.floor(share * (bytes.length - 2 - scan));
    const patched = new Uint8Array([...bytes.subarray(0, cut), 0xff, 0xd9]);
    await expect(readImage(patched)).rejects.toThrow("a part of its pixels is missing");
  }
});

Deno.test("readImage() calls onSize before it decodes", async () => {
  const bytes = await encodeImage(gradient(9, 7, 3), { format: "png" });
  const own = imagescriptCodec();
  let decoded = 0;
  const codec: Codec = {
    ...own,
    decode(...given) {
      decoded++;
      return own.decode(...given);
    },
  };
  const onSize = () => {
    throw new RangeError("too much");
  };
  await expect(readImage(bytes, { codec, onSize })).rejects.toThrow("too much");
  await expect(readImage(gradient(9, 7, 3), { onSize })).rejects.toThrow("too much");
  expect(decoded).toBe(0);
  const sizes: number[][] = [];
  const note = ({ width, height }: { width: number; height: number }) => {
    sizes.push([width, height]);
  };
  await readImage(bytes, { codec, onSize: note });
  expect([sizes, decoded]).toEqual([[[9, 7]], 1]);
});

Deno.test({
  name: "readImage() refuses every recorded attack quickly, before it decodes",
  ignore: !hasData,
  async fn() {
    const plain = await took(() => readImage(caseFile("exif-kept.jpg")));
    const attacks: [string, RegExp][] = [
      ["cut-base.jpg", /a part of its pixels is missing/],
      ["jpg-65500x4096.jpg", /a part of its pixels is missing|within 500 MB/],
      ["sof-1024.jpg", /a part of its pixels is missing/],
      ["jpg-prog-20000scans-512.jpg", /20005 scans/],
      ["jpg-prog-2000scans-4096.jpg", /2005 scans/],
      ["svg-redos2.bin", /its format is unknown/],
      ["redos-26.bin", /its format is unknown/],
      ["png-16384-1bit.png", /within 500 MB: decoding it takes/],
      ["webp-16383-lossless.webp", /within 500 MB: decoding it takes/],
    ];
    for (const [file, message] of attacks) {
      const read = () => readImage(caseFile(`attacks/images/${file}`), { memory: 500e6 });
      await expect(read()).rejects.toThrow(message);
      expect([file, await took(read) < 100 * plain + 1000]).toEqual([file, true]);
    }
  },
});

Deno.test({
  name: "readImage() reads components named R, G and B as red, green and blue",
  ignore: !hasData,
  async fn() {
    const { data } = await readImage(caseFile("rgb-ids-nomarker.jpg"));
    const truth = [[134, 94, 67], [146, 106, 80]]; // the first two pixels as libjpeg decodes them
    const worst = truth.flat().map((v, i) => Math.abs(v - data[i < 3 ? i : i + 1]));
    expect(Math.max(...worst)).toBeLessThan(4); // decoders round differently
  },
});

Deno.test({
  name: "readImage() applies an orientation that is stored as 32 bits, big-endian",
  ignore: !hasData,
  async fn() {
    const { width, height } = await readImage(caseFile("o6-long-be.jpg"));
    expect([width, height]).toEqual([48, 64]);
  },
});

Deno.test("readImage() refuses a memory that is not a positive number", async () => {
  const bytes = await encodeImage(gradient(9, 7, 3), { format: "png" });
  for (const memory of [0, -1, NaN]) {
    await expect(readImage(bytes, { memory })).rejects.toThrow("Cannot use memory");
  }
  await expect(readImage(bytes, { memory: 1 })).rejects.toThrow(UnsupportedError);
});

Deno.test("readImage() refuses files with too many segments, several frames or far more bytes than pixels", async () => {
  const bytes = await encodeImage(gradient(9, 7, 3), { format: "jpeg" });
  const comment = [0xff, 0xfe, 0, 2];
  const commented = (count: number) =>
    new Uint8Array([...bytes.subarray(0, 2), ...Array(count).fill(comment).flat()]);
  const tail = bytes.subarray(2);
  const withComments = (count: number) => new Uint8Array([...commented(count), ...tail]);
  expect((await readImage(withComments(1000))).width).toBe(9);
  await expect(readImage(withComments(70_000))).rejects.toThrow("more than 65536 segments");

  const frame = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
  const header = bytes.slice(frame, frame + 19);
  header.set([0xff, 0xdc, 0xff, 0xdc], 5); // 65500 x 65500
  const twice = new Uint8Array([...bytes.subarray(0, frame), ...header, ...bytes.subarray(frame)]);
  await expect(readImage(twice, { memory: 1e13 })).rejects.toThrow("several frames");

  const webp = webpChunks(await imagescriptCodec().encode(gradient(9, 7, 3), { format: "webp" }));
  const long = webpFile([...webp, { type: "long", data: new Uint8Array(2 ** 26 + 2000) }]);
  await expect(readImage(long)).rejects.toThrow("too much for its pixels");
});

Deno.test("readImage() refuses a WebP frame that is larger than its canvas", async () => {
  const large = webpChunks(
    await imagescriptCodec().encode(gradient(64, 64, 3), { format: "webp" }),
  );
  const small = webpChunks(await imagescriptCodec().encode(gradient(4, 4, 3), { format: "webp" }));
  const canvas = extended({ width: 4, height: 4, alpha: false }, 2);
  const frame = { type: "ANMF", data: joined([new Uint8Array(16), webpFile(large).subarray(12)]) };
  await expect(readImage(webpFile([canvas, frame]))).rejects.toThrow("larger than its canvas");
  // Decoders read the image that comes first, so its size counts.
  const lossy = webpChunks(
    await imagescriptCodec().encode(gradient(64, 64, 3), { format: "webp", quality: 50 }),
  );
  const both = webpFile([...lossy, ...small]);
  await expect(readImage(both, { memory: 1000 })).rejects.toThrow("64x64");
});

Deno.test("readImage() counts the bytes of the file as memory before it decodes them", async () => {
  const png = await encodeImage(gradient(4, 4, 3), { format: "png" });
  const end = png.length - 12; // IEND
  const chunk = new Uint8Array(12 + 1_000_000);
  new DataView(chunk.buffer).setUint32(0, chunk.length - 12);
  chunk.set(latin1("prVt"), 4);
  new DataView(chunk.buffer).setUint32(chunk.length - 4, crc32(chunk.subarray(4, -4)));
  const large = joined([png.subarray(0, end), chunk, png.subarray(end)]);
  expect((await readImage(large, { memory: 4e6 })).width).toBe(4);
  const decoded: string[] = [];
  const codec: Codec = {
    ...imagescriptCodec(),
    decode: (_, format) => Promise.reject(new Error(`${decoded.push(format)} files decoded`)),
  };
  await expect(readImage(large, { memory: 3e6, codec })).rejects.toThrow(UnsupportedError);
  expect(decoded).toEqual([]);
});
