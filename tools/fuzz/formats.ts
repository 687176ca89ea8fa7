/** Damaged and odd image files: an image, or one clear error. @module */

import { joined } from "../../lib/bytes.ts";
import { crc32 } from "../../lib/image/files/containers/crc32.ts";
import { deflate } from "../../lib/image/files/containers/deflate.ts";
import { pngFile } from "../../lib/image/files/containers/png.ts";
import { exifOfDensity } from "../../lib/image/files/exif.ts";
import { DecodeError, encodeImage, type Image, readImage, UnsupportedError } from "../../mod.ts";
import { namesIn } from "../folder.ts";
import { type Bytes, mutated, randomBytes } from "./bytes.ts";
import { oddJpeg } from "./jpeg_file.ts";
import { checkError, must, oneOf, type Part, wholeWithin } from "./part.ts";
import { oddPng } from "./png_file.ts";
import { oddWebp } from "./webp_file.ts";

/** Memory that decoding may take, in bytes. */
const MEMORY = 64e6;

/** Folder of recorded odd files, which need not exist. */
const recorded = new URL("../../../shared/data/bad-inputs/", import.meta.url);

/** Starts of files whose formats are recognised but not read. */
const STRANGERS = [
  "GIF89a\x05\0\x03\0\x80\0\0",
  "II*\0\x08\0\0\0\x01\0",
  "MM\0*\0\0\0\x08\0\x01",
  "BM\x46\0\0\0\0\0\0\0\x36\0\0\0",
  "\0\0\0\x20ftypavif\0\0\0\0",
  "\0\0\0\x20ftypheic\0\0\0\0",
  "\xff\x0a\0\0",
  "<svg xmlns='http://www.w3.org/2000/svg'><!-- --></svg>",
  "%PDF-1.7\n",
  "",
];

/** Files to change. */
interface Seeds {
  /** All files, readable or not. */
  files: Bytes[];
  /** Those that can be read. */
  sound: Bytes[];
}

let seeds: Promise<Seeds> | undefined;

/** Collects small files of every format. */
async function makeSeeds(): Promise<Seeds> {
  const files = await smallFiles();
  const sound: Bytes[] = [];
  for (const file of files) {
    await readImage(file, { memory: MEMORY }).then(() => sound.push(file), () => {});
  }
  return { files, sound };
}

async function smallFiles(): Promise<Bytes[]> {
  const made: Bytes[] = STRANGERS.map((text) => Uint8Array.from(text, (c) => c.charCodeAt(0)));
  for (const channels of [1, 2, 3, 4] as const) {
    const image = { ...striped(13, 9), channels };
    for (const format of ["png", "jpeg", "webp"] as const) {
      const background = [9, 9, 9] as const;
      const plain = { format, background };
      made.push(await encodeImage(image, plain) as Bytes);
      const exif = exifOfDensity({ x: 3000, y: 2000 });
      const told = { ...image, exif, density: { x: 3000, y: 2000 } };
      const options = { ...plain, quality: 60, text: { Software: "fuzz", Odd: "ä日本" } };
      made.push(await encodeImage(told, options) as Bytes);
    }
  }
  for (const name of await namesIn(recorded)) {
    const url = new URL(encodeURIComponent(name), recorded);
    const { isFile, size } = await Deno.stat(url);
    if (isFile && size < 2 ** 17) made.push(await Deno.readFile(url));
  }
  return made;
}

function striped(width: number, height: number): Image {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) data.set([i * 3, i * 3, i * 3, 255 - i], 4 * i);
  return { width, height, data };
}

/** A whole PNG file of random pixels: any colour type and depth, interlaced or not, with filters that may not exist. */
async function randomPng(random: () => number): Promise<Bytes> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  const [width, height] = [wholeWithin(random, 1, 20), wholeWithin(random, 1, 20)];
  view.setUint32(0, random() < 0.05 ? 2 ** 31 : width);
  view.setUint32(4, height);
  const depth = oneOf(random, [1, 2, 4, 8, 16]);
  header.set([depth, oneOf(random, [0, 2, 3, 4, 6]), 0, 0, random() < 0.5 ? 1 : 0], 8);
  const filters = random() < 0.8 ? 1 : 256;
  const raw = Uint8Array.from(
    { length: wholeWithin(random, 0, 4000) },
    () => Math.floor(random() * filters) * (random() < 0.9 ? 1 : 5),
  );
  const bytes = (count: number) => randomBytes(random, count);
  return pngFile([
    { type: "IHDR", data: header },
    ...random() < 0.5 ? [{ type: "PLTE", data: bytes(3 * wholeWithin(random, 0, 256)) }] : [],
    ...random() < 0.3 ? [{ type: "tRNS", data: bytes(wholeWithin(random, 0, 8)) }] : [],
    ...random() < 0.1 ? [{ type: "gAMA", data: bytes(4) }] : [],
    ...random() < 0.1 ? [{ type: "cHRM", data: bytes(32) }] : [],
    ...random() < 0.1 ? [{ type: "iCCP", data: bytes(300) }] : [],
    { type: "IDAT", data: joined(await deflate([raw].values())) },
    { type: "IEND", data: new Uint8Array() },
  ]);
}

/** A PNG file with the right checksum for each chunk, so that decoders do not stop there. */
function withChecksums(bytes: Bytes): Bytes {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = 8; at + 12 <= copy.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > copy.length) break;
    view.setUint32(end, crc32(copy.subarray(at + 4, end)));
    at = end + 4;
  }
  return copy;
}

/** A random file: random bytes in a sound or an odd file, or odd content in a well-formed file. */
async function randomFile({ files, sound }: Seeds, random: () => number): Promise<Bytes> {
  const kind = random();
  if (kind < 0.1) return withChecksums(await randomPng(random));
  if (kind < 0.3) {
    const changed = mutated(oneOf(random, files), random, oneOf(random, files));
    return changed[1] === 0x50 && random() < 0.7 ? withChecksums(changed) : changed;
  }
  const whole = oneOf(random, sound);
  if (whole[0] === 0x89) return await oddPng(whole, random);
  return whole[0] === 0xff ? oddJpeg(whole, random) : oddWebp(whole, random);
}

/** Random files. */
export const formats: Part = {
  name: "formats",
  tries: 5000,
  async attempt(random) {
    const bytes = await randomFile(await (seeds ??= makeSeeds()), random);
    const what = `a file of ${bytes.length} bytes`;
    let image: Image;
    let isKnown = false;
    const onSize = () => void (isKnown = true);
    try {
      image = await readImage(bytes, { memory: MEMORY, onSize });
    } catch (error) {
      checkError(error, what);
      must(
        error instanceof DecodeError || error instanceof UnsupportedError,
        () => `${what} throws ${error.name}: ${error.message}`,
      );
      must(!/did not answer/.test(error.message), () => `${what} takes too long`);
      return isKnown ? "refused by the decoder" : "refused before";
    }
    const { width, height, data, notes = [] } = image;
    must(
      data.length === 4 * width * height && width * height * 16 <= MEMORY,
      () => `${what} gives ${width}x${height} and ${data.length} bytes`,
    );
    must(
      notes.every((note) => note.length > 5 && !note.includes("\n")),
      () => `${what} gives the notes ${JSON.stringify(notes)}`,
    );
    if (random() < 0.7) return "read";
    const format = oneOf(random, ["png", "webp"] as const);
    const again = await readImage(await encodeImage(image, { format }));
    must(
      again.width === width && again.height === height &&
        again.data.every((value, i) => value === data[i]),
      () => `${what} is another image after it was written as ${format}`,
    );
    return "written";
  },
};
