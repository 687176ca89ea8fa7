/** Well-formed PNG files with odd content: every chunk has its checksum, every stream is compressed. @module */

import { joined } from "../../lib/bytes.ts";
import { deflate, inflate } from "../../lib/image/files/containers/deflate.ts";
import { type PngChunk, pngChunks, pngFile } from "../../lib/image/files/containers/png.ts";
import { type Bytes, mutated, randomBytes } from "./bytes.ts";
import { oneOf, rearranged, wholeWithin } from "./part.ts";

/** Most bytes that a stream is unpacked to. */
const MOST = 2 ** 22;

/** One change of the chunks of a file. */
type Change = (chunks: PngChunk[], random: () => number) => PngChunk[] | Promise<PngChunk[]>;

/** Chunks that describe the pixels, and those of animations. */
const NAMES = [
  ...["PLTE", "tRNS", "gAMA", "cHRM", "cICP", "iCCP", "sRGB", "sBIT", "bKGD", "pHYs", "eXIf"],
  ...["tEXt", "zTXt", "iTXt", "acTL", "fcTL", "fdAT", "tIME", "IHDR", "IDAT", "IEND"],
];

const changes: readonly Change[] = [
  // the rows: pixels and filter types
  changeRows,
  changeRows,
  // the header: another size, depth or colour type for the same pixels
  (chunks, random) =>
    chunks.map(({ type, data }) => {
      if (type !== "IHDR" || data.length !== 13) return { type, data };
      const header = data.slice();
      const field = wholeWithin(random, 0, 4);
      if (field < 2) header[3 + 4 * field] = wholeWithin(random, 1, 24);
      else if (field === 2) header[8] = oneOf(random, [1, 2, 4, 8, 16]);
      else if (field === 3) header[9] = oneOf(random, [0, 2, 3, 4, 6]);
      else header[12] ^= 1;
      return { type, data: header };
    }),
  // the content of one chunk
  (chunks, random) => {
    const at = wholeWithin(random, 0, chunks.length - 1);
    const { type, data } = chunks[at];
    if (type === "IDAT" || type === "IHDR") return chunks;
    return chunks.with(at, { type, data: mutated(data, random, data) });
  },
  // one more chunk, anywhere
  async (chunks, random) => {
    const type = oneOf(random, NAMES);
    const at = wholeWithin(random, 1, chunks.length - 1);
    return chunks.toSpliced(at, 0, { type, data: await oddContent(type, random) });
  },
  // a chunk twice, elsewhere, or not at all
  (chunks, random) => rearranged(chunks, random, 1, chunks.length - 1),
  // the pixels in many chunks, sometimes with empty ones between
  (chunks, random) =>
    chunks.flatMap(({ type, data }) => {
      if (type !== "IDAT" || data.length > 5000) return [{ type, data }];
      const step = wholeWithin(random, 1, 50);
      const parts: PngChunk[] = [];
      for (let i = 0; i < data.length; i += step) {
        parts.push({ type, data: data.slice(i, i + step) });
      }
      return random() < 0.5
        ? parts
        : parts.flatMap((part) => [part, { type, data: data.slice(0, 0) }]);
    }),
];

async function changeRows(chunks: PngChunk[], random: () => number): Promise<PngChunk[]> {
  const first = chunks.findIndex(({ type }) => type === "IDAT");
  const packed = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  const { bytes } = await inflate(packed, MOST).catch(() => ({ bytes: new Uint8Array(64) }));
  const rows = mutated(bytes as Bytes, random, bytes as Bytes);
  const others = chunks.filter(({ type }) => type !== "IDAT");
  return others.toSpliced(first, 0, { type: "IDAT", data: joined(await deflate([rows].values())) });
}

/** Random content for a chunk of this name, often of the right length. */
async function oddContent(type: string, random: () => number): Promise<Bytes> {
  const lengths: Record<string, number> = {
    ...{ PLTE: 3 * wholeWithin(random, 0, 256), tRNS: oneOf(random, [0, 1, 2, 6, 256]) },
    ...{ gAMA: 4, cHRM: 32, cICP: 4, sRGB: 1, pHYs: 9, acTL: 8, fcTL: 26, IHDR: 13 },
  };
  const length = lengths[type] ?? wholeWithin(random, 0, 300);
  const content = randomBytes(random, length);
  if (type === "pHYs" && random() < 0.5) content[8] = 1;
  if (type !== "iCCP" && type !== "zTXt") return content;
  const long = random() < 0.05 ? new Uint8Array(9 * 2 ** 20) : content; // a bomb, or an odd profile
  const packed = joined(await deflate([long].values()));
  const whole = new Uint8Array(4 + packed.length);
  whole.set([0x61, 0x62, 0, 0]);
  whole.set(packed, 4);
  return whole;
}

/** The file after one to three changes. */
export async function oddPng(bytes: Bytes, random: () => number): Promise<Bytes> {
  let chunks = pngChunks(bytes);
  for (let i = wholeWithin(random, 1, 3); i > 0; i--) {
    if (chunks.length > 2) chunks = await oneOf(random, changes)(chunks, random);
  }
  return pngFile(chunks);
}
