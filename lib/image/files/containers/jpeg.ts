/**
 * JPEG's frame of segments (ITU-T T.81, annex B).
 *
 * @module
 */

import { DecodeError, UnsupportedError } from "../../../errors.ts";
import { orientationOf } from "../exif.ts";
import { joined } from "../../../bytes.ts";
import type { Container, Header, Metadata } from "./container.ts";
import { xmpPacket } from "./xmp.ts";

const EOI = 0xd9;
const SOS = 0xda;
const APP1 = 0xe1;
const APP2 = 0xe2;

/** Start of an APP2 segment with a part of the ICC profile (ICC.1, annex B.4). */
const ICC = "ICC_PROFILE\0";
const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";

/** A segment's length field counts itself and has 16 bits. */
const LARGEST_SEGMENT = 65533;

/** One marker with the bytes that belong to it. */
interface Segment {
  readonly marker: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** The JPEG container. */
export const jpeg: Container = {
  readHeader(bytes: Uint8Array<ArrayBuffer>): Promise<Header> {
    return Promise.resolve(headerOf([...segments(bytes)]));
  },

  withMetadata(bytes: Uint8Array<ArrayBuffer>, metadata: Metadata): Promise<Uint8Array> {
    const added: Uint8Array[] = [];
    const texts = Object.keys(metadata.text ?? {}).length > 0;
    if (texts) added.push(segment(APP1, XMP, new TextEncoder().encode(xmpPacket(metadata.text!))));
    if (metadata.iccProfile) added.push(...profileSegments(metadata.iccProfile));
    const at = 2 + jfifLength(bytes);
    return Promise.resolve(joined([bytes.subarray(0, at), ...added, bytes.subarray(at)]));
  },
};

/**
 * Walks from marker to marker, through the coded data too, up to the end marker.
 *
 * @throws {DecodeError} If the file ends before.
 */
function* segments(bytes: Uint8Array<ArrayBuffer>): Generator<Segment, undefined> {
  for (let at = 2; at + 1 < bytes.length;) {
    if (bytes[at] !== 0xff) damaged("a segment does not start where it should");
    const marker = bytes[at + 1];
    if (marker === EOI) return;
    if (marker === 0xff) at += 1; // fill byte
    else if (isBare(marker)) at += 2;
    else {
      const end = at + 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
      if (at + 4 > bytes.length || end > bytes.length || end < at + 4) break;
      yield { marker, data: bytes.subarray(at + 4, end) };
      at = marker === SOS ? nextMarker(bytes, end) : end;
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

function headerOf(found: readonly Segment[]): Header {
  const frame = found.find(({ marker }) => isFrame(marker));
  if (!frame || !found.some(({ marker }) => marker === SOS)) damaged("it holds no picture");
  const { width, height, components } = frameSize(frame);
  const exif = found.find((s) => s.marker === APP1 && startsWith(s.data, EXIF));
  const parts = found.filter((s) => s.marker === APP2 && startsWith(s.data, ICC));
  const iccProfile = joinedProfile(parts.map(({ data }) => data));
  return {
    width,
    height,
    channels: components === 1 ? 1 : 3,
    orientation: exif ? orientationOf(exif.data) : 1,
    iccProfile,
    notes: parts.length > 0 && !iccProfile ? ["damaged ICC profile left out"] : [],
  };
}

/** SOF0 to SOF15 without DHT, JPG and DAC, which stand among them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Size and number of components, if they are such as the decoders read right. */
function frameSize({ marker, data }: Segment) {
  if (marker > 0xc2) unsupported("lossless, hierarchical or arithmetic coding");
  if (data.length < 6 || data.length < 6 + 3 * data[5]) damaged("its header is cut off");
  const [depth, components] = [data[0], data[5]];
  const height = data[1] << 8 | data[2], width = data[3] << 8 | data[4];
  if (depth !== 8) unsupported(`${depth} bits per sample`);
  if (width === 0 || height === 0) damaged(`its size is said to be ${width}x${height}`);
  if (components === 4) unsupported("CMYK colours, which need a print profile");
  if (components !== 1 && components !== 3) unsupported(`${components} colour components`);
  checkSampling(data.subarray(6, 6 + 3 * components));
  return { width, height, components };
}

/** Decoders guess where a colour component has 2 samples for 3 of another. */
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

/** The profile out of its numbered parts, or nothing where one is missing. */
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
    throw new RangeError(`Cannot write ${content.length} bytes of text: JPEG has room for 65 kB`);
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
