/** EXIF blocks: a TIFF structure of directories with fields. @module */

import type { Density } from "../image.ts";
import type { Size } from "../resize.ts";

/** Tags of TIFF 6.0 and EXIF 2.3 that are used. */
const TAG = {
  orientation: 0x0112,
  xResolution: 0x011a,
  yResolution: 0x011b,
  resolutionUnit: 0x0128,
  exif: 0x8769,
  width: 0xa002,
  height: 0xa003,
} as const;

/** Types of fields: 16 bits, 32 bits, and two numbers of 32 bits for a fraction. */
const SHORT = 3, LONG = 4, RATIONAL = 5;

/** Most fields of a directory; one that claims more is damaged. */
const MOST_FIELDS = 1000;

/** Metres per inch and per centimetre, by the number of the unit. */
const METRES: Readonly<Record<number, number>> = { 2: 0.0254, 3: 0.01 };

/** A block that can be read and changed in place. */
interface Block {
  view: DataView;
  little: boolean;
}

/** Position of a field. */
interface Field {
  tag: number;
  type: number;
  /** Position of its value, or of the offset of a longer one. */
  at: number;
}

/** Positions of a directory's fields, and of the offset of the next directory. */
interface Directory {
  fields: Field[];
  /** Position of the offset of the next directory. */
  next: number;
}

/**
 * Reads the orientation from an EXIF block; 1 (upright) if the block has no valid one.
 *
 * @param exif A TIFF structure, with or without the leading `Exif\0\0`.
 */
export function orientationOf(exif: Uint8Array): number {
  const block = blockOf(tiffOf(exif));
  const value = block && numberOf(block, fieldOf(block, TAG.orientation));
  return value !== undefined && value >= 1 && value <= 8 ? value : 1;
}

/** Pixels per metre in an EXIF block, or undefined. */
export function densityOf(exif: Uint8Array): Density | undefined {
  const block = blockOf(tiffOf(exif));
  if (!block) return undefined;
  const metres = METRES[numberOf(block, fieldOf(block, TAG.resolutionUnit)) ?? 2];
  const x = fractionOf(block, fieldOf(block, TAG.xResolution));
  const y = fractionOf(block, fieldOf(block, TAG.yResolution));
  return metres && x && y ? { x: x / metres, y: y / metres } : undefined;
}

/**
 * The block of an image that was turned upright: its orientation is 1, and the thumbnail, which was not turned, is no
 * longer found. Everything else stays in its place, since makers' notes refer to positions in the file.
 *
 * @returns A copy without the leading `Exif\0\0`, or undefined if the block is damaged.
 */
export function uprightExif(exif: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const copy = new Uint8Array(tiffOf(exif));
  const block = blockOf(copy);
  const directory = block && directoryAt(block, block.view.getUint32(4, block.little));
  if (!directory) return undefined;
  setNumber(block, directory.fields.find(({ tag }) => tag === TAG.orientation), 1);
  if (directory.next + 4 <= copy.length) block.view.setUint32(directory.next, 0);
  return copy;
}

/** A copy of the block with the size of the image, if it states one. */
export function sizedExif(exif: Uint8Array, { width, height }: Size): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(exif);
  const block = blockOf(copy);
  const start = block && numberOf(block, fieldOf(block, TAG.exif));
  const directory = start === undefined ? undefined : directoryAt(block!, start);
  if (!directory) return copy;
  setNumber(block!, directory.fields.find(({ tag }) => tag === TAG.width), width);
  setNumber(block!, directory.fields.find(({ tag }) => tag === TAG.height), height);
  return copy;
}

/** A block with only pixels per metre, for formats that cannot store them elsewhere. */
export function exifOfDensity({ x, y }: Density): Uint8Array<ArrayBuffer> {
  const fields = [
    [TAG.xResolution, RATIONAL, 50],
    [TAG.yResolution, RATIONAL, 58],
    [TAG.resolutionUnit, SHORT, 2],
  ];
  const block = new Uint8Array(66);
  const view = new DataView(block.buffer);
  block.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, fields.length, 0]);
  fields.forEach(([tag, type, value], i) => {
    view.setUint16(10 + 12 * i, tag, true);
    view.setUint16(12 + 12 * i, type, true);
    view.setUint32(14 + 12 * i, 1, true);
    view.setUint32(18 + 12 * i, value, true);
  });
  for (const [at, perMetre] of [[50, x], [58, y]]) {
    view.setUint32(at, Math.round(perMetre * 0.0254 * 1000), true); // inches, in thousandths
    view.setUint32(at + 4, 1000, true);
  }
  return block;
}

/** The TIFF structure without the leading `Exif\0\0`. */
function tiffOf(exif: Uint8Array): Uint8Array {
  return exif[0] === 0x45 && exif[1] === 0x78 ? exif.subarray(6) : exif;
}

function blockOf(tiff: Uint8Array): Block | undefined {
  if (tiff.length < 14) return undefined;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return undefined;
  return { view, little: order === 0x4949 };
}

function directoryAt({ view, little }: Block, start: number): Directory | undefined {
  if (start < 8 || start + 2 > view.byteLength) return undefined;
  const count = view.getUint16(start, little);
  if (count > MOST_FIELDS) return undefined;
  const fields: Field[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + 2 + 12 * i;
    if (at + 12 > view.byteLength) return undefined;
    fields.push({
      tag: view.getUint16(at, little),
      type: view.getUint16(at + 2, little),
      at: at + 8,
    });
  }
  return { fields, next: start + 2 + 12 * count };
}

/** A field of the first directory. */
function fieldOf(block: Block, tag: number): Field | undefined {
  const directory = directoryAt(block, block.view.getUint32(4, block.little));
  return directory?.fields.find((field) => field.tag === tag);
}

/** A whole number of 16 or 32 bits. */
function numberOf({ view, little }: Block, field?: Field): number | undefined {
  if (field?.type === SHORT) return view.getUint16(field.at, little);
  return field?.type === LONG ? view.getUint32(field.at, little) : undefined;
}

/** Writes a whole number if there is a field that can hold it. */
function setNumber({ view, little }: Block, field: Field | undefined, value: number): void {
  if (field?.type === LONG) view.setUint32(field.at, value, little);
  else if (field?.type === SHORT && value < 2 ** 16) view.setUint16(field.at, value, little);
}

function fractionOf({ view, little }: Block, field?: Field): number | undefined {
  const at = field?.type === RATIONAL ? view.getUint32(field.at, little) : Infinity;
  if (at + 8 > view.byteLength) return undefined;
  const value = view.getUint32(at, little) / view.getUint32(at + 4, little);
  return value > 0 && Number.isFinite(value) ? value : undefined;
}
