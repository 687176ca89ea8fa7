/**
 * WebP's frame of RIFF chunks (RFC 9649).
 *
 * @module
 */

import { DecodeError, UnsupportedError } from "../../../errors.ts";
import { fourLetters, joined, latin1 } from "../../../bytes.ts";
import { exifOfDensity } from "../exif.ts";
import type { Container, Header, Metadata } from "./container.ts";
import { xmpPacket } from "./xmp.ts";

/** Flags in the first byte of `VP8X`. */
const FLAG = { animation: 0x02, xmp: 0x04, exif: 0x08, alpha: 0x10, icc: 0x20 } as const;

/** Chunks that a file may have: each one takes memory, however small it is, and only the first images are read. */
const MOST_CHUNKS = 2 ** 16;

/** One RIFF chunk: four letters and its bytes. */
export interface WebpChunk {
  /** Name, such as `VP8L`. */
  readonly type: string;
  /** Content, a view of the file. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Size and opacity of an image. */
export interface WebpPicture {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Whether it has alpha. */
  readonly alpha: boolean;
}

/**
 * Splits a file into chunks.
 *
 * @throws {DecodeError} If it is truncated.
 * @throws {UnsupportedError} If there are too many.
 */
export function webpChunks(bytes: Uint8Array<ArrayBuffer>): WebpChunk[] {
  if (bytes.length < 20) damaged("it is truncated");
  const size = 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (size > bytes.length) damaged("it is truncated");
  return riffChunks(bytes.subarray(12, size));
}

/** Splits the content of a RIFF file, or of an animation frame, into chunks. */
export function riffChunks(bytes: Uint8Array<ArrayBuffer>): WebpChunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: WebpChunk[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length;
    if (end > bytes.length) damaged("it is truncated");
    if (chunks.length === MOST_CHUNKS) tooMany();
    const type = fourLetters(bytes, at);
    chunks.push({ type, data: bytes.subarray(at + 8, end) });
    at = end + (length & 1);
  }
  return chunks;
}

/** A file of these chunks. */
export function webpFile(chunks: readonly WebpChunk[]): Uint8Array<ArrayBuffer> {
  const parts = chunks.flatMap(({ type, data }) => {
    return [latin1(type), uint32(data.length), data, new Uint8Array(data.length & 1)];
  });
  const content = joined([latin1("WEBP"), ...parts]);
  return joined([latin1("RIFF"), uint32(content.length), content]);
}

/**
 * Reads the size of the one image that `chunks` hold: a whole file's, or one frame's.
 *
 * @throws {DecodeError} If they hold none.
 */
export function webpPicture(chunks: readonly WebpChunk[]): WebpPicture {
  // Decoders take whichever comes first.
  const stored = chunks.find(({ type }) => type === "VP8L" || type === "VP8 ");
  const lossless = stored?.type === "VP8L" ? stored.data : undefined;
  if (lossless && lossless.length >= 5 && lossless[0] === 0x2f) {
    const bits = uint32At(lossless, 1);
    const width = (bits & 0x3fff) + 1, height = (bits >> 14 & 0x3fff) + 1;
    return { width, height, alpha: (bits >> 28 & 1) === 1 };
  }
  const lossy = stored?.type === "VP8 " ? stored.data : undefined;
  if (lossy && lossy.length >= 10 && lossy[3] === 0x9d && lossy[4] === 0x01 && lossy[5] === 0x2a) {
    const width = (lossy[6] | lossy[7] << 8) & 0x3fff, height = (lossy[8] | lossy[9] << 8) & 0x3fff;
    if (width === 0 || height === 0) damaged(`its size is said to be ${width}x${height}`);
    return { width, height, alpha: chunks.some(({ type }) => type === "ALPH") };
  }
  return damaged("it contains no image");
}

/** Makes the `VP8X` chunk that says what a file contains. */
export function extended(picture: WebpPicture, flags = 0): WebpChunk {
  const data = new Uint8Array(10);
  data[0] = flags | (picture.alpha ? FLAG.alpha : 0);
  const view = new DataView(data.buffer);
  view.setUint16(4, (picture.width - 1) & 0xffff, true);
  view.setUint8(6, (picture.width - 1) >> 16);
  view.setUint16(7, (picture.height - 1) & 0xffff, true);
  view.setUint8(9, (picture.height - 1) >> 16);
  return { type: "VP8X", data };
}

/** The WebP container. */
export const webp: Container = {
  readHeader(bytes: Uint8Array<ArrayBuffer>): Promise<Header> {
    return Promise.resolve(headerOf(webpChunks(bytes)));
  },

  most: { exif: 2 ** 31, iccProfile: 2 ** 31 },

  withMetadata(bytes: Uint8Array<ArrayBuffer>, metadata: Metadata): Promise<Uint8Array> {
    const { iccProfile, density, text = {} } = metadata;
    const exif = metadata.exif ?? (density && exifOfDensity(density));
    const hasText = Object.keys(text).length > 0;
    if (!iccProfile && !exif && !hasText) return Promise.resolve(bytes);
    const kept = webpChunks(bytes).filter(({ type }) => type !== "VP8X");
    const flags = (iccProfile ? FLAG.icc : 0) | (exif ? FLAG.exif : 0) | (hasText ? FLAG.xmp : 0);
    const chunks = [extended(webpPicture(kept), flags)];
    if (iccProfile) chunks.push({ type: "ICCP", data: new Uint8Array(iccProfile) });
    chunks.push(...kept);
    if (exif) chunks.push({ type: "EXIF", data: new Uint8Array(exif) });
    if (hasText) chunks.push({ type: "XMP ", data: new TextEncoder().encode(xmpPacket(text)) });
    return Promise.resolve(webpFile(chunks));
  },
};

function headerOf(chunks: readonly WebpChunk[]): Header {
  const find = (type: string) => chunks.find((chunk) => chunk.type === type)?.data;
  const { width, height, alpha } = canvasOf(chunks);
  const profile = find("ICCP");
  const notes = find("ANMF") ? ["first image of an animation"] : [];
  if (find("XMP ")) notes.push("XMP left out");
  if (profile && profile.length < 128) notes.push("damaged ICC profile left out");
  return {
    width,
    height,
    channels: alpha ? 4 : 3,
    exif: find("EXIF"),
    iccProfile: profile && profile.length >= 128 ? profile.slice() : undefined,
    notes,
  };
}

/**
 * A still image's own size, or the canvas of an animation.
 *
 * @throws {DecodeError} If there is neither.
 */
export function canvasOf(chunks: readonly WebpChunk[]): WebpPicture {
  if (!chunks.some(({ type }) => type === "ANMF")) return webpPicture(chunks);
  const { type, data } = chunks[0];
  if (type !== "VP8X" || data.length < 10) return damaged("its animation has no canvas");
  const width = uint24At(data, 4) + 1, height = uint24At(data, 7) + 1;
  return { width, height, alpha: (data[0] & FLAG.alpha) !== 0 };
}

/** A number of 24 bits. */
export function uint24At(data: Uint8Array, at: number): number {
  return data[at] | data[at + 1] << 8 | data[at + 2] << 16;
}

function uint32At(data: Uint8Array, at: number): number {
  return new DataView(data.buffer, data.byteOffset, data.length).getUint32(at, true);
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value & 255, value >> 8 & 255, value >> 16 & 255, value >>> 24);
}

function tooMany(): never {
  throw new UnsupportedError(
    `Cannot read a WebP file of more than ${MOST_CHUNKS} chunks: save the image again`,
  );
}

function damaged(why: string): never {
  throw new DecodeError(`Cannot read the WebP file: ${why}. Get an undamaged copy`);
}
