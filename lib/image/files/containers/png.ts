/**
 * PNG's frame of chunks (W3C PNG specification, third edition).
 *
 * @module
 */

import { DecodeError, UnsupportedError } from "../../../errors.ts";
import type { Density } from "../../image.ts";
import { crc32 } from "./crc32.ts";
import { fourLetters, joined, latin1 } from "../../../bytes.ts";
import { deflate, inflate } from "./deflate.ts";
import type { Container, Header, Metadata } from "./container.ts";
import { pngColor } from "./png_color.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** A profile that unpacks to more is not worth its memory. */
const LARGEST_PROFILE = 8 * 2 ** 20;

/** Chunks that a file may have: each one takes memory, however small it is. Encoders make them 8 kB long or longer. */
const MOST_CHUNKS = 2 ** 18;

/** Colour types with their number of channels and the bit depths they may have. */
const COLOR_TYPES: Readonly<Record<number, { channels: 1 | 2 | 3 | 4; depths: number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 3, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

/** One chunk: four letters and its bytes. */
export interface PngChunk {
  /** Name, such as `IDAT`. */
  readonly type: string;
  /** Content, a view of the file. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** The fields of `IHDR`. */
export interface PngLayout {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA. */
  readonly colorType: number;
  /** Adam7. */
  readonly interlaced: boolean;
}

/**
 * Splits a file into chunks. Chunks that are not critical are left out if their checksum is wrong.
 *
 * @throws {DecodeError} If it is truncated, a critical chunk is damaged, or one is missing.
 * @throws {UnsupportedError} If it holds an unknown critical chunk, or too many.
 */
export function pngChunks(bytes: Uint8Array<ArrayBuffer>): PngChunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: PngChunk[] = [];
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    const type = fourLetters(bytes, at + 4);
    const intact = crc32(bytes.subarray(at + 4, end)) === view.getUint32(end);
    if (!intact && isCritical(type)) damaged(`the checksum of its ${type} chunk is wrong`);
    if (chunks.length === MOST_CHUNKS) {
      throw new UnsupportedError(
        `Cannot read a PNG file of more than ${MOST_CHUNKS} chunks: save the image again`,
      );
    }
    if (intact) chunks.push({ type, data: bytes.subarray(at + 8, end) });
    if (type === "IEND") return complete(chunks);
    at = end + 4;
  }
  return damaged("it is truncated");
}

/**
 * Reads the fields of `IHDR`.
 *
 * @throws {DecodeError} If they are not a legal combination.
 */
export function pngLayout(chunks: readonly PngChunk[]): PngLayout {
  const { data } = chunks[0];
  if (data.length !== 13) damaged("its header has a wrong length");
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colorType, compression, filter, interlace] = data.subarray(8);
  if (!isSide(width) || !isSide(height)) damaged(`its size is said to be ${width}x${height}`);
  if (!COLOR_TYPES[colorType]?.depths.includes(depth)) {
    damaged(`colour type ${colorType} with ${depth} bits is not legal`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) damaged("its header has illegal methods");
  return { width, height, depth, colorType, interlaced: interlace === 1 };
}

/** The PNG container. */
export const png: Container = {
  async readHeader(bytes: Uint8Array<ArrayBuffer>): Promise<Header> {
    const chunks = pngChunks(bytes);
    const { width, height, depth, colorType } = pngLayout(chunks);
    const find = (type: string) => chunks.find((chunk) => chunk.type === type)?.data;
    const { channels } = COLOR_TYPES[colorType];
    const notes = depth === 16 ? ["16-bit reduced to 8 bit"] : [];
    if (find("acTL")) notes.push("first image of an animation");
    if (["tEXt", "zTXt", "iTXt"].some((type) => find(type))) notes.push("text chunks left out");
    const packed = find("iCCP");
    const iccProfile = packed && await unpackedProfile(packed);
    if (packed && !iccProfile) {
      notes.push("ICC profile left out: it is damaged or larger than 8 MiB");
    }
    const color = packed && !find("cICP") ? {} : pngColor(find, channels <= 2);
    if (color.note) notes.push(color.note);
    return {
      width,
      height,
      channels: find("tRNS") && channels % 2 === 1 ? channels + 1 as 2 | 4 : channels,
      exif: find("eXIf"),
      density: densityIn(find("pHYs")),
      iccProfile: color.iccProfile ?? iccProfile,
      notes,
    };
  },

  most: { exif: 2 ** 31 - 1, iccProfile: LARGEST_PROFILE },

  async withMetadata(bytes: Uint8Array<ArrayBuffer>, metadata: Metadata): Promise<Uint8Array> {
    const afterHeader = SIGNATURE.length + 12 + 13;
    const added: Uint8Array[] = [];
    if (metadata.iccProfile) added.push(await profileChunk(metadata.iccProfile));
    if (metadata.density) added.push(densityChunk(metadata.density));
    if (metadata.exif) added.push(chunkBytes("eXIf", metadata.exif));
    for (const [key, value] of Object.entries(metadata.text ?? {})) {
      added.push(textChunk(key, value));
    }
    return joined([bytes.subarray(0, afterHeader), ...added, bytes.subarray(afterHeader)]);
  },
};

/** Pixels per metre from a `pHYs` chunk; one without a unit states only the shape of pixels. */
function densityIn(chunk?: Uint8Array): Density | undefined {
  if (chunk?.length !== 9 || chunk[8] !== 1) return undefined;
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  const [x, y] = [view.getUint32(0), view.getUint32(4)];
  return x > 0 && y > 0 ? { x, y } : undefined;
}

function densityChunk({ x, y }: Density): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(9);
  const view = new DataView(data.buffer);
  [x, y].forEach((value, i) => view.setUint32(4 * i, Math.round(value)));
  data[8] = 1;
  return chunkBytes("pHYs", data);
}

/** A file of these chunks. */
export function pngFile(chunks: readonly PngChunk[]): Uint8Array<ArrayBuffer> {
  const length = chunks.reduce((sum, { data }) => sum + data.length + 12, SIGNATURE.length);
  const file = new Uint8Array(length);
  file.set(SIGNATURE);
  let at = SIGNATURE.length;
  for (const { type, data } of chunks) {
    putChunk(file.subarray(at, at + data.length + 12), type, data);
    at += data.length + 12;
  }
  return file;
}

function chunkBytes(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(data.length + 12);
  putChunk(chunk, type, data);
  return chunk;
}

/** Writes a chunk to a view of its exact size. */
function putChunk(chunk: Uint8Array<ArrayBuffer>, type: string, data: Uint8Array): void {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  view.setUint32(0, data.length);
  chunk.set(latin1(type), 4);
  chunk.set(data, 8);
  view.setUint32(data.length + 8, crc32(chunk.subarray(4, data.length + 8)));
}

async function profileChunk(profile: Uint8Array): Promise<Uint8Array> {
  const packed = joined(await deflate([new Uint8Array(profile)].values()));
  return chunkBytes("iCCP", joined([latin1("ICC profile\0\0"), packed]));
}

/** `tEXt` for Latin-1, `iTXt` for other text; a keyword has at most 79 bytes. */
function textChunk(key: string, value: string): Uint8Array {
  const keyword = latin1(key + "\0");
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\xff]*$/.test(value)) return chunkBytes("tEXt", joined([keyword, latin1(value)]));
  const plain = latin1("\0\0\0\0"); // not compressed, no language, no translated keyword
  return chunkBytes("iTXt", joined([keyword, plain, new TextEncoder().encode(value)]));
}

/** The profile in an `iCCP` chunk: a name, a zero, the method zero, a zlib stream. */
async function unpackedProfile(data: Uint8Array<ArrayBuffer>): Promise<Header["iccProfile"]> {
  const name = data.indexOf(0);
  if (name < 0 || data[name + 1] !== 0) return undefined;
  try {
    const { bytes, complete } = await inflate([data.subarray(name + 2)], LARGEST_PROFILE);
    return complete && bytes.length >= 128 ? bytes : undefined;
  } catch {
    return undefined; // the caller notes that the profile was left out
  }
}

/** Checks that the chunks make an image. */
function complete(chunks: PngChunk[]): PngChunk[] {
  const known = ["IHDR", "PLTE", "IDAT", "IEND"];
  if (chunks[0].type !== "IHDR") damaged("its header is missing");
  if (!chunks.some(({ type }) => type === "IDAT")) damaged("it contains no image data");
  const stranger = chunks.find(({ type }) => isCritical(type) && !known.includes(type));
  if (stranger) {
    throw new UnsupportedError(
      `Cannot read the PNG file: it needs an unknown extension (${stranger.type}). ` +
        "Save it as a plain PNG",
    );
  }
  if (pngLayout(chunks).colorType === 3 && !chunks.some(({ type }) => type === "PLTE")) {
    damaged("its palette is missing");
  }
  return chunks;
}

/** Bit 5 of the first letter, that is: upper case. */
function isCritical(type: string): boolean {
  return (type.charCodeAt(0) & 32) === 0;
}

function isSide(pixels: number): boolean {
  return pixels >= 1 && pixels < 2 ** 31;
}

function damaged(why: string): never {
  throw new DecodeError(`Cannot read the PNG file: ${why}. Get an undamaged copy`);
}
