/**
 * PNG pixels in plain TypeScript: every colour type and depth, Adam7, transparency; 16 bits are
 * rounded to 8. It is exact where a canvas is not, and where imagescript cuts off the low byte.
 *
 * @module
 */

import { DecodeError } from "../../../errors.ts";
import { inflate } from "../containers/deflate.ts";
import { type PngChunk, pngChunks, type PngLayout, pngLayout } from "../containers/png.ts";
import type { Image } from "../../image.ts";

/** Positions of the pixels of one pass: the whole image, or one of Adam7's seven lattices. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

const WHOLE: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];

const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

/** Samples of a pixel by colour type. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Turns the samples of one pixel, at `i`, into RGBA bytes at `to`. */
type Painter = (samples: Uint16Array, i: number, to: number) => void;

/**
 * Decodes a PNG file.
 *
 * @throws {DecodeError} If the file is damaged, truncated or has too little data.
 */
export async function decodePng(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  const chunks = pngChunks(bytes);
  const layout = pngLayout(chunks);
  const { width, height, depth, colorType } = layout;
  const passes = (layout.interlaced ? ADAM7 : WHOLE)
    .map((pass) => ({ ...pass, ...sizeOf(pass, layout) }))
    .filter((pass) => pass.columns > 0 && pass.rows > 0);
  const bits = depth * SAMPLES[colorType];
  const needed = passes.reduce((sum, p) => sum + p.rows * (1 + Math.ceil(p.columns * bits / 8)), 0);
  const packed = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  const raw = (await inflate(packed, needed)).bytes;
  if (raw.length < needed) throw new DecodeError("Cannot decode the PNG file: rows are missing");

  const data = new Uint8ClampedArray(width * height * 4);
  const paint = painter(layout, chunks, data);
  let at = 0;
  for (const pass of passes) {
    const stride = Math.ceil(pass.columns * bits / 8);
    const samples = new Uint16Array(pass.columns * SAMPLES[colorType]);
    let above: Uint8Array = new Uint8Array(stride);
    for (let row = 0; row < pass.rows; row++, at += stride + 1) {
      const line = raw.subarray(at + 1, at + 1 + stride);
      unfilter(raw[at], line, above, Math.max(1, bits >> 3));
      unpack(line, depth, samples);
      const start = (pass.y + row * pass.dy) * width + pass.x;
      for (let column = 0; column < pass.columns; column++) {
        paint(samples, column * SAMPLES[colorType], 4 * (start + column * pass.dx));
      }
      above = line;
    }
  }
  return { width, height, data };
}

function sizeOf(pass: Pass, { width, height }: PngLayout): { columns: number; rows: number } {
  return {
    columns: Math.ceil((width - pass.x) / pass.dx),
    rows: Math.ceil((height - pass.y) / pass.dy),
  };
}

/** Undoes the filter of one row in place (specification, section 9.2). */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, back: number): void {
  if (filter > 4) throw new DecodeError(`Cannot decode the PNG file: it has no filter ${filter}`);
  if (filter === 0) return;
  for (let i = 0; i < line.length; i++) {
    const left = i < back ? 0 : line[i - back];
    if (filter === 1) line[i] += left;
    else if (filter === 2) line[i] += above[i];
    else if (filter === 3) line[i] += (left + above[i]) >> 1;
    else line[i] += paeth(left, above[i], i < back ? 0 : above[i - back]);
  }
}

/** The neighbour that is nearest to left + up - corner (section 9.4). */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner), toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** Splits a row into samples of `depth` bits. */
function unpack(line: Uint8Array, depth: number, samples: Uint16Array): void {
  if (depth === 8) return samples.set(line);
  for (let i = 0; i < samples.length; i++) {
    if (depth === 16) samples[i] = line[2 * i] << 8 | line[2 * i + 1];
    else {
      const bit = i * depth;
      samples[i] = line[bit >> 3] >> (8 - depth - (bit & 7)) & ((1 << depth) - 1);
    }
  }
}

/** Chooses how samples are converted to colours. */
function painter(layout: PngLayout, chunks: readonly PngChunk[], data: Image["data"]): Painter {
  const transparent = chunks.find(({ type }) => type === "tRNS")?.data;
  if (layout.colorType === 3) {
    const colors = chunks.find(({ type }) => type === "PLTE")!.data;
    return palettePainter(colors, transparent, data);
  }
  const top = 2 ** layout.depth - 1;
  const toByte = Uint8Array.from({ length: top + 1 }, (_, v) => Math.floor(v * 255 / top + 0.5));
  const count = SAMPLES[layout.colorType];
  const colors = count >= 3 ? 3 : 1;
  const key = count % 2 === 1 && transparent ? keyOf(transparent, colors) : undefined;
  return (samples, i, to) => {
    for (let c = 0; c < 3; c++) data[to + c] = toByte[samples[colors === 3 ? i + c : i]];
    if (count % 2 === 0) data[to + 3] = toByte[samples[i + colors]];
    else data[to + 3] = key?.every((value, c) => value === samples[i + c]) ? 0 : 255;
  };
}

function palettePainter(
  colors: Uint8Array,
  alphas: Uint8Array = new Uint8Array(),
  data: Image["data"],
): Painter {
  return (samples, i, to) => {
    const index = samples[i];
    if (3 * index + 3 > colors.length) {
      throw new DecodeError(`Cannot decode the PNG file: its palette has no colour ${index}`);
    }
    data.set(colors.subarray(3 * index, 3 * index + 3), to);
    data[to + 3] = alphas[index] ?? 255;
  };
}

/** The one colour that is transparent, as 16-bit samples. */
function keyOf(data: Uint8Array, colors: number): number[] {
  if (data.length < 2 * colors) {
    throw new DecodeError("Cannot decode the PNG file: its transparent colour is cut off");
  }
  return Array.from({ length: colors }, (_, c) => data[2 * c] << 8 | data[2 * c + 1]);
}
