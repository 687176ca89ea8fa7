/** Photographs as people drop them: rotated by EXIF, with 16 bits, transparent, as JPEG, far too wide. @module */

import { deflateSync } from "node:zlib";
import { joined } from "../../lib/bytes.ts";
import { crc32 } from "../../lib/image/files/containers/crc32.ts";
import { encodeImage, type Image } from "../../mod.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

/** A gradient of colours; `opacity` applies to the left half. */
export function gradient(width: number, height: number, opacity = 255): Image {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const x = i % width;
    const alpha = 2 * x < width ? opacity : 255;
    data.set([255 * x / width, 255 * Math.floor(i / width) / height, 90, alpha], 4 * i);
  }
  return { width, height, data };
}

/** A file that a page can be given. */
export interface Photograph {
  name: string;
  mimeType: string;
  buffer: Uint8Array;
}

/** A JPEG; with `turned`, its EXIF orientation is a quarter turn to the right. */
export async function jpegOf(image: Image, { turned = false } = {}): Promise<Photograph> {
  const bytes = await encodeImage(image, { format: "jpeg", quality: 95 });
  const buffer = turned ? joined([bytes.slice(0, 2), quarterTurn(), bytes.slice(2)]) : bytes;
  return { name: turned ? "turned.jpg" : "photo.jpg", mimeType: "image/jpeg", buffer };
}

/** The APP1 segment with a single tag, Orientation = 6. */
function quarterTurn(): Uint8Array<ArrayBuffer> {
  const tiff = [...ascii("II"), 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0];
  const body = [...ascii("Exif"), 0, 0, ...tiff, 0, 0, 0, 0];
  return Uint8Array.of(0xff, 0xe1, 0, body.length + 2, ...body);
}

export async function pngOf(image: Image, name = "photo.png"): Promise<Photograph> {
  return { name, mimeType: "image/png", buffer: await encodeImage(image, { format: "png" }) };
}

/** A 16-bit PNG without alpha. */
export function deepPngOf({ width, height, data }: Image): Photograph {
  const rows = new DataView(new ArrayBuffer(height * (1 + 6 * width)));
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < 3 * width; i++) {
      const value = data[4 * (y * width + Math.floor(i / 3)) + i % 3];
      rows.setUint16(y * (1 + 6 * width) + 1 + 2 * i, 257 * value);
    }
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint16(8, 16 << 8 | 2);
  const buffer = joined([
    Uint8Array.of(0x89, ...ascii("PNG\r\n\x1a\n")),
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", new Uint8Array(deflateSync(rows))),
    chunk("IEND", new Uint8Array()),
  ]);
  return { name: "deep.png", mimeType: "image/png", buffer };
}

function chunk(type: string, data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const body = joined([ascii(type), data]);
  const [length, sum] = [data.length, crc32(body)].map((value) => {
    const bytes = new DataView(new ArrayBuffer(4));
    bytes.setUint32(0, value);
    return new Uint8Array(bytes.buffer);
  });
  return joined([length, body, sum]);
}
