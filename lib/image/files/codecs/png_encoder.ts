/**
 * PNG files in plain TypeScript: gray, gray with alpha, RGB and RGBA in 8 bits, the same bytes for the
 * same image in one runtime (imagescript writes the time of day and always four channels).
 *
 * @module
 */

import { deflate } from "../containers/deflate.ts";
import { pngFile } from "../containers/png.ts";
import type { Image } from "../../image.ts";

/** Colour type of `IHDR` by number of channels. */
const COLOR_TYPE = { 1: 0, 2: 4, 3: 2, 4: 6 } as const;

/** Rows that go to the compressor at once. */
const BAND = 64;

/** Encodes an image with as many channels as it says it has, four if it does not say. */
export async function encodePng(image: Image): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, channels = 4 } = image;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, COLOR_TYPE[channels]], 8);
  return pngFile([
    { type: "IHDR", data: header },
    { type: "IDAT", data: await deflate(filteredBands(image, channels)) },
    { type: "IEND", data: new Uint8Array() },
  ]);
}

/** Rows with their filter byte, some at a time. */
function* filteredBands(
  image: Image,
  channels: 1 | 2 | 3 | 4,
): Generator<Uint8Array<ArrayBuffer>, undefined> {
  const stride = image.width * channels;
  let above = new Uint8Array(stride);
  for (let top = 0; top < image.height; top += BAND) {
    const rows = Math.min(BAND, image.height - top);
    const band = new Uint8Array(rows * (stride + 1));
    for (let y = 0; y < rows; y++) {
      const line = packedRow(image, top + y, channels);
      filter(line, above, channels, band.subarray(y * (stride + 1), (y + 1) * (stride + 1)));
      above = line;
    }
    yield band;
  }
}

/** One row with only the channels that are written. */
function packedRow(image: Image, y: number, channels: 1 | 2 | 3 | 4): Uint8Array<ArrayBuffer> {
  const row = new Uint8Array(image.width * channels);
  const colors = channels >= 3 ? 3 : 1;
  for (let x = 0, from = y * image.width * 4, to = 0; x < image.width; x++, from += 4) {
    for (let c = 0; c < colors; c++) row[to++] = image.data[from + c];
    if (channels % 2 === 0) row[to++] = image.data[from + 3];
  }
  return row;
}

/**
 * Paeth's filter (type 4), written after its type byte: on photographs it is nearly always the
 * best of the five, and trying them all would cost more than it saves.
 */
function filter(line: Uint8Array, above: Uint8Array, back: number, out: Uint8Array): void {
  out[0] = 4;
  for (let i = 0; i < line.length; i++) {
    const left = i < back ? 0 : line[i - back];
    const corner = i < back ? 0 : above[i - back];
    const toLeft = Math.abs(above[i] - corner), toUp = Math.abs(left - corner);
    const toCorner = Math.abs(left + above[i] - 2 * corner);
    const nearUp = toUp <= toCorner ? above[i] : corner;
    out[i + 1] = line[i] - (toLeft <= toUp && toLeft <= toCorner ? left : nearUp);
  }
}
