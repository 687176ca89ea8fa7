/**
 * PNG files in plain TypeScript: gray, gray with alpha, RGB and RGBA in 8 bits, with the same bytes for the
 * same image in one runtime (imagescript writes the time of day and always four channels).
 *
 * @module
 */

import { deflate } from "../containers/deflate.ts";
import { pngFile } from "../containers/png.ts";
import type { Image } from "../../image.ts";

/** Colour type of `IHDR` by number of channels. */
const COLOR_TYPE = { 1: 0, 2: 4, 3: 2, 4: 6 } as const;

/** Rows that are passed to the compressor at once. */
const BAND = 64;

/** Rows in the middle that decide how to compress the others. */
const SAMPLE = 8;

/**
 * Encodes an image with as many channels as it says it has, four if it does not say.
 *
 * @param signal Aborts the work between two bands of rows.
 */
export async function encodePng(
  image: Image,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, channels = 4 } = image;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, COLOR_TYPE[channels]], 8);
  const middle = Math.max(0, (height - SAMPLE) >> 1);
  const sample = filteredBand(image, channels, middle, Math.min(SAMPLE, height));
  const packed = await deflate(filteredBands(image, channels, signal), sample);
  return pngFile([
    { type: "IHDR", data: header },
    ...packed.map((data) => ({ type: "IDAT", data })),
    { type: "IEND", data: new Uint8Array() },
  ]);
}

/** Rows with their filter byte, several at a time. */
function* filteredBands(
  image: Image,
  channels: 1 | 2 | 3 | 4,
  signal?: AbortSignal,
): Generator<Uint8Array<ArrayBuffer>, undefined> {
  for (let top = 0; top < image.height; top += BAND) {
    signal?.throwIfAborted();
    yield filteredBand(image, channels, top, Math.min(BAND, image.height - top));
  }
}

/** Filtered rows from `top` on. */
function filteredBand(
  image: Image,
  channels: 1 | 2 | 3 | 4,
  top: number,
  rows: number,
): Uint8Array<ArrayBuffer> {
  const stride = image.width * channels;
  const band = new Uint8Array(rows * (stride + 1));
  let above: Uint8Array = new Uint8Array(stride);
  let line = new Uint8Array(stride);
  if (top > 0) pack(image, top - 1, channels, above);
  for (let y = 0; y < rows; y++) {
    pack(image, top + y, channels, line);
    filter(line, above, channels, band.subarray(y * (stride + 1), (y + 1) * (stride + 1)));
    [above, line] = [line, above as Uint8Array<ArrayBuffer>];
  }
  return band;
}

/** Writes one row with only the channels that the file has. */
function pack({ width, data }: Image, y: number, channels: number, row: Uint8Array): void {
  let from = 4 * y * width;
  if (channels === 4) return row.set(data.subarray(from, from + 4 * width));
  for (let to = 0; to < row.length; from += 4) {
    row[to++] = data[from];
    if (channels === 3) {
      row[to++] = data[from + 1];
      row[to++] = data[from + 2];
    } else if (channels === 2) row[to++] = data[from + 3];
  }
}

/**
 * Paeth's filter (type 4), written after its type byte: on photographs it is nearly always the
 * best of the five, and trying them all would cost more than it saves.
 */
function filter(line: Uint8Array, above: Uint8Array, back: number, out: Uint8Array): void {
  out[0] = 4;
  for (let i = 0; i < back; i++) out[i + 1] = line[i] - above[i];
  for (let i = back; i < line.length; i++) {
    const left = line[i - back], up = above[i], corner = above[i - back];
    const fromCorner = left - corner, rise = up - corner;
    const toLeft = abs(rise), toUp = abs(fromCorner), toCorner = abs(fromCorner + rise);
    // The nearest of the three, the first of equal ones. Noise would mislead a branch at every other byte.
    const isUp = (toUp - toLeft) >> 31;
    const guess = left ^ ((left ^ up) & isUp);
    const distance = toLeft ^ ((toLeft ^ toUp) & isUp);
    const isCorner = (toCorner - distance) >> 31;
    out[i + 1] = line[i] - (guess ^ ((guess ^ corner) & isCorner));
  }
}

/** The absolute value of a whole number, without a branch. */
function abs(value: number): number {
  const sign = value >> 31;
  return (value ^ sign) - sign;
}
