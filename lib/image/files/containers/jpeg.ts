/**
 * JPEG's frame of segments (ITU-T T.81, annex B).
 *
 * @module
 */

import { DecodeError, UnsupportedError } from "../../../errors.ts";
import type { Density } from "../../image.ts";
import { joined } from "../../../bytes.ts";
import type { Container, Header, Metadata } from "./container.ts";
import { type Component, type Frame, isComplete } from "./jpeg_scan.ts";
import { xmpPacket } from "./xmp.ts";

const EOI = 0xd9;
const SOS = 0xda;
const DHT = 0xc4;
const DRI = 0xdd;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;

/** Start of an APP2 segment with a part of the ICC profile (ICC.1, annex B.4). */
const ICC = "ICC_PROFILE\0";
const JFIF = "JFIF\0";
const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";

/** The Adobe segment that says that the components are red, green and blue. */
const ADOBE_RGB = "Adobe\0\x64\0\0\0\0\0";

/** Scans that a file may have: encoders make ten, and each one costs a pass over the whole image. */
const MOST_SCANS = 100;

/** Segments that a file may have: each one takes memory, however small it is. A profile takes 255. */
const MOST_SEGMENTS = 2 ** 16;

/** A segment's length field counts itself and has 16 bits. */
const LARGEST_SEGMENT = 65533;

/** One marker with the bytes that belong to it. */
interface Segment {
  readonly marker: number;
  readonly data: Uint8Array<ArrayBuffer>;
  /** The bytes up to the next marker: the coded data of a scan. */
  readonly coded?: Uint8Array<ArrayBuffer>;
}

/** Pixels per metre for one pixel per unit of JFIF. */
const PER_METRE: Readonly<Record<number, number>> = { 1: 1 / 0.0254, 2: 100 };

/** The JPEG container. */
export const jpeg: Container = {
  readHeader(bytes: Uint8Array<ArrayBuffer>): Promise<Header> {
    return Promise.resolve(headerOf([...segments(bytes)], bytes));
  },

  checkPixels(bytes: Uint8Array<ArrayBuffer>): void {
    let frame: Frame | undefined;
    let interval = 0;
    const tables = new Map<number, Uint8Array>();
    for (const { marker, data, coded } of segments(bytes)) {
      if (isFrame(marker)) frame = frameOf({ marker, data });
      else if (marker === DHT) {
        for (const [number, table] of tablesIn(data)) tables.set(number, table);
      } else if (marker === DRI && data.length >= 2) interval = data[0] << 8 | data[1];
      else if (frame && coded && !isComplete(frame, { header: data, coded, tables, interval })) {
        damaged("a part of its pixels is missing");
      }
    }
  },

  most: {
    exif: LARGEST_SEGMENT - EXIF.length,
    iccProfile: 255 * (LARGEST_SEGMENT - ICC.length - 2),
  },

  withMetadata(bytes: Uint8Array<ArrayBuffer>, metadata: Metadata): Promise<Uint8Array> {
    const added: Uint8Array[] = [];
    if (metadata.exif) added.push(segment(APP1, EXIF, metadata.exif));
    const texts = Object.keys(metadata.text ?? {}).length > 0;
    if (texts) added.push(segment(APP1, XMP, new TextEncoder().encode(xmpPacket(metadata.text!))));
    if (metadata.iccProfile) added.push(...profileSegments(metadata.iccProfile));
    const at = 2 + jfifLength(bytes);
    const head = metadata.density
      ? withDensity(bytes.slice(0, at), metadata.density)
      : bytes.subarray(0, at);
    return Promise.resolve(joined([head, ...added, bytes.subarray(at)]));
  },
};

/**
 * Goes from marker to marker, also through the coded data, up to the end marker.
 *
 * @throws {DecodeError} If the file ends before it.
 * @throws {UnsupportedError} If there are too many.
 */
function* segments(bytes: Uint8Array<ArrayBuffer>): Generator<Segment, undefined> {
  let count = 0;
  for (let at = 2; at + 1 < bytes.length;) {
    if (bytes[at] !== 0xff) damaged("a segment does not start where it should");
    const marker = bytes[at + 1];
    if (marker === EOI) return;
    if (marker === 0xff) at += 1; // fill byte
    else if (isBare(marker)) at += 2;
    else {
      const end = at + 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
      if (at + 4 > bytes.length || end > bytes.length || end < at + 4) break;
      const next = marker === SOS ? nextMarker(bytes, end) : end;
      const coded = marker === SOS ? bytes.subarray(end, next) : undefined;
      if (++count > MOST_SEGMENTS) unsupported(`more than ${MOST_SEGMENTS} segments`);
      yield { marker, data: bytes.subarray(at + 4, end), coded };
      at = next;
    }
  }
  damaged("it is truncated");
}

/** End of the coded data that starts at `at`: zeros and restart markers belong to it. */
function nextMarker(bytes: Uint8Array, at: number): number {
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) damaged("it is truncated");
    if (bytes[at + 1] !== 0 && !isBare(bytes[at + 1])) return at;
    at += 2;
  }
}

/** Markers without a length: TEM and the restart markers. */
function isBare(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

function headerOf(found: readonly Segment[], bytes: Uint8Array): Header {
  const [frame, another] = found.filter(({ marker }) => isFrame(marker));
  const scans = found.filter(({ marker }) => marker === SOS).length;
  if (!frame || scans === 0) damaged("it contains no image");
  if (another) unsupported("several frames"); // decoders disagree on which one counts
  if (scans > MOST_SCANS) unsupported(`${scans} scans (at most ${MOST_SCANS} are read)`);
  const { width, height, components } = frameOf(frame);
  const exif = found.find((s) => s.marker === APP1 && startsWith(s.data, EXIF));
  const parts = found.filter((s) => s.marker === APP2 && startsWith(s.data, ICC));
  const iccProfile = joinedProfile(parts.map(({ data }) => data));
  return {
    width,
    height,
    channels: components.length === 1 ? 1 : 3,
    exif: exif?.data,
    density: densityIn(found.find((s) => s.marker === APP0 && startsWith(s.data, JFIF))?.data),
    iccProfile,
    notes: [
      ...parts.length > 0 && !iccProfile ? ["damaged ICC profile left out"] : [],
      ...found.some((s) => s.marker === APP1 && startsWith(s.data, XMP)) ? ["XMP left out"] : [],
    ],
    decodable: saysRgb(found, components) ? asRgb(bytes) : undefined,
  };
}

/** Whether only the components' names say that they are red, green and blue, as libjpeg reads them. */
function saysRgb(found: readonly Segment[], components: readonly Component[]): boolean {
  const told = found.some(({ marker, data }) =>
    marker === APP0 && startsWith(data, JFIF) || marker === APP14 && startsWith(data, "Adobe")
  );
  return !told && String.fromCharCode(...components.map(({ id }) => id)) === "RGB";
}

/** The file with a segment that says so to decoders that ignore the names. */
function asRgb(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return joined([
    bytes.subarray(0, 2),
    segment(APP14, ADOBE_RGB, new Uint8Array()),
    bytes.subarray(2),
  ]);
}

/**
 * The file with its EXIF under a name that no decoder knows: Chromium 156 turns the pixels of a bitmap as EXIF says, even
 * where `imageOrientation` is `"none"`.
 */
export function withoutExif(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  for (const { marker, data } of segments(copy)) {
    if (marker === APP1 && startsWith(data, EXIF)) data[0] = 0;
  }
  return copy;
}

/** Pixels per metre from the content of a JFIF segment. */
function densityIn(data?: Uint8Array): Density | undefined {
  if (!data || data.length < 12) return undefined;
  const perMetre = PER_METRE[data[7]];
  const x = data[8] << 8 | data[9], y = data[10] << 8 | data[11];
  return perMetre && x > 0 && y > 0 ? { x: x * perMetre, y: y * perMetre } : undefined;
}

/** The start of a file with pixels per inch in its JFIF segment, if it has one. */
function withDensity(head: Uint8Array, { x, y }: Density): Uint8Array {
  if (head.length < 18) return head;
  head[13] = 1;
  [x, y].forEach((perMetre, i) => {
    const perInch = Math.min(65535, Math.max(1, Math.round(perMetre * 0.0254)));
    head.set([perInch >> 8, perInch & 255], 14 + 2 * i);
  });
  return head;
}

/** The Huffman tables of a DHT segment by class and number. */
function* tablesIn(data: Uint8Array): Generator<[number, Uint8Array], undefined> {
  for (let at = 0; at + 17 <= data.length;) {
    const codes = data.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
    yield [data[at], data.subarray(at + 1, at + 17 + codes)];
    at += 17 + codes;
  }
}

/** SOF0 to SOF15 without DHT, JPG and DAC, whose numbers lie between them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Size and components, if decoders read them correctly. */
function frameOf({ marker, data }: Segment): Frame {
  if (marker > 0xc2) unsupported("lossless, hierarchical or arithmetic coding");
  if (data.length < 6 || data.length < 6 + 3 * data[5]) damaged("its header is cut off");
  const [depth, components] = [data[0], data[5]];
  const height = data[1] << 8 | data[2], width = data[3] << 8 | data[4];
  if (depth !== 8) unsupported(`${depth} bits per sample`);
  if (width === 0 || height === 0) damaged(`its size is said to be ${width}x${height}`);
  if (components === 4) unsupported("CMYK colours, which need a print profile");
  if (components !== 1 && components !== 3) unsupported(`${components} colour components`);
  checkSampling(data.subarray(6, 6 + 3 * components));
  return {
    width,
    height,
    progressive: marker === 0xc2,
    components: Array.from({ length: components }, (_, i) => {
      const [id, factors] = data.subarray(6 + 3 * i);
      return { id, across: factors >> 4, down: factors & 15 };
    }),
  };
}

/** Refuses components that decoders would have to guess, such as one with 2 samples for 3 of another. */
function checkSampling(components: Uint8Array): void {
  const factors = components.filter((_, i) => i % 3 === 1);
  const across = [...factors].map((factor) => factor >> 4);
  const down = [...factors].map((factor) => factor & 15);
  for (const counts of [across, down]) {
    if (counts.includes(0)) damaged("a colour component has no samples");
    const most = Math.max(...counts);
    if (counts.some((count) => most % count !== 0)) unsupported("odd chroma subsampling");
  }
}

/** The profile from its numbered parts, or undefined if one is missing. */
function joinedProfile(parts: readonly Uint8Array[]): Header["iccProfile"] {
  const number = (part: Uint8Array) => part[ICC.length];
  const sorted = [...parts].sort((a, b) => number(a) - number(b));
  const whole = sorted.every((part, i) =>
    number(part) === i + 1 && part[ICC.length + 1] === parts.length
  );
  const profile = joined(sorted.map((part) => part.subarray(ICC.length + 2)));
  return whole && profile.length >= 128 ? profile : undefined;
}

function profileSegments(profile: Uint8Array): Uint8Array[] {
  const room = LARGEST_SEGMENT - ICC.length - 2;
  const count = Math.ceil(profile.length / room);
  return Array.from({ length: count }, (_, i) => {
    const part = profile.subarray(i * room, (i + 1) * room);
    return segment(APP2, ICC, joined([Uint8Array.of(i + 1, count), part]));
  });
}

function segment(marker: number, start: string, content: Uint8Array): Uint8Array {
  const length = 2 + start.length + content.length;
  if (length > LARGEST_SEGMENT + 2) {
    throw new RangeError(`Cannot write ${content.length} bytes of text: JPEG can hold 65 kB`);
  }
  const head = [0xff, marker, length >> 8, length & 255];
  return joined([Uint8Array.of(...head, ...new TextEncoder().encode(start)), content]);
}

/** Length of the APP0 segment, which must stay the first one. */
function jfifLength(bytes: Uint8Array): number {
  return bytes[3] === 0xe0 ? 2 + (bytes[4] << 8 | bytes[5]) : 0;
}

function startsWith(data: Uint8Array, text: string): boolean {
  return [...text].every((letter, i) => data[i] === letter.charCodeAt(0));
}

function damaged(why: string): never {
  throw new DecodeError(`Cannot read the JPEG file: ${why}. Get an undamaged copy`);
}

function unsupported(what: string): never {
  throw new UnsupportedError(
    `Cannot read a JPEG file with ${what}: save it as an ordinary RGB JPEG or PNG`,
  );
}
