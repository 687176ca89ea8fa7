/** Well-formed JPEG files with odd content: every segment has its length, and the end marker is there. @module */

import { joined } from "../../lib/bytes.ts";
import { type Bytes, mutated, randomBytes } from "./bytes.ts";
import { oneOf, rearranged, wholeWithin } from "./part.ts";

const SOS = 0xda;

/** A marker with its data. */
interface Segment {
  marker: number;
  /** What follows the length. */
  data: Bytes;
  /** The coded data after a scan's header. */
  coded: Bytes;
}

/** One change of the segments of a file. */
type Change = (segments: Segment[], random: () => number) => Segment[];

const changes: readonly Change[] = [
  // the coded data of a scan
  changeCoded,
  changeCoded,
  // one byte or more of one segment, such as a table, a size or a factor
  (segments, random) => {
    const at = wholeWithin(random, 0, segments.length - 1);
    const { data } = segments[at];
    if (data.length === 0) return segments;
    const changed = data.slice();
    for (let i = wholeWithin(random, 1, 3); i > 0; i--) {
      changed[wholeWithin(random, 0, data.length - 1)] = random() < 0.5
        ? wholeWithin(random, 0, 4)
        : wholeWithin(random, 0, 255);
    }
    return segments.with(at, { ...segments[at], data: changed });
  },
  // the frame: size, kind, sampling
  (segments, random) =>
    segments.map((segment) => {
      const { marker, data } = segment;
      if (![0xc0, 0xc1, 0xc2].includes(marker) || data.length < 9) return segment;
      const changed = data.slice();
      const field = wholeWithin(random, 0, 3);
      if (field === 0) changed[2 + 2 * wholeWithin(random, 0, 1)] = wholeWithin(random, 1, 40);
      else if (field === 1) changed[7] = oneOf(random, [0x11, 0x12, 0x21, 0x22, 0x41, 0x44]);
      else if (field === 2) return { ...segment, marker: oneOf(random, [0xc0, 0xc1, 0xc2]) };
      else changed[6] = oneOf(random, [0, 1, 0x52, 255]);
      return { ...segment, data: changed };
    }),
  // a segment twice, elsewhere, or not at all
  (segments, random) => rearranged(segments, random, 0, segments.length - 1),
  // one more segment: metadata, restart intervals, a comment
  (segments, random) => {
    const marker = oneOf(random, [0xe0, 0xe1, 0xe2, 0xee, 0xdd, 0xfe, 0xdc]);
    const starts: Record<number, string> = {
      ...{ 0xe0: "JFIF\0\x01\x01", 0xe1: "Exif\0\0MM\0*\0\0\0\x08", 0xe2: "ICC_PROFILE\0\x01\x01" },
      0xee: "Adobe\0\x64\0\0\0\0",
    };
    const start = Uint8Array.from(starts[marker] ?? "", (letter) => letter.charCodeAt(0));
    const length = marker === 0xdd ? 2 : wholeWithin(random, 0, 200);
    const data = joined([start, randomBytes(random, length)]);
    const at = wholeWithin(random, 0, segments.length - 1);
    return segments.toSpliced(at, 0, { marker, data, coded: new Uint8Array() });
  },
  // many scans
  (segments, random) => {
    const scan = segments.findLast(({ marker }) => marker === SOS);
    const count = random() < 0.2 ? 120 : wholeWithin(random, 1, 12);
    return scan && scan.coded.length < 20_000
      ? [...segments, ...Array.from({ length: count }, () => scan)]
      : segments;
  },
];

function changeCoded(segments: Segment[], random: () => number): Segment[] {
  const at = segments.findIndex(({ marker }) => marker === SOS);
  if (at < 0) return segments;
  const coded = mutated(segments[at].coded, random, segments[at].coded);
  return segments.with(at, { ...segments[at], coded: random() < 0.7 ? stuffed(coded) : coded });
}

/** Puts a zero after each 0xff, so that no marker arises by chance. */
function stuffed(coded: Bytes): Bytes {
  const result: number[] = [];
  coded.forEach((byte, i) => {
    result.push(byte);
    if (byte === 0xff && coded[i + 1] !== 0) result.push(0);
  });
  return Uint8Array.from(result);
}

/** Splits a file into its segments, as far as they are well formed. */
function segmentsOf(bytes: Bytes): Segment[] {
  const segments: Segment[] = [];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0xd9) break;
    const end = at + 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
    let next = end;
    if (marker === SOS) {
      const isOwn = (byte: number) => byte === 0 || byte >= 0xd0 && byte <= 0xd7;
      while (next + 1 < bytes.length && !(bytes[next] === 0xff && !isOwn(bytes[next + 1]))) next++;
    }
    segments.push({ marker, data: bytes.slice(at + 4, end), coded: bytes.slice(end, next) });
    at = next;
  }
  return segments;
}

function fileOf(segments: readonly Segment[]): Bytes {
  const parts = segments.flatMap(({ marker, data, coded }) => {
    const cut = data.slice(0, 65533);
    const length = cut.length + 2;
    return [Uint8Array.of(0xff, marker, length >> 8, length & 255), cut, coded];
  });
  return joined([Uint8Array.of(0xff, 0xd8), ...parts, Uint8Array.of(0xff, 0xd9)]);
}

/** The file after one or two changes. */
export function oddJpeg(bytes: Bytes, random: () => number): Bytes {
  let segments = segmentsOf(bytes);
  for (let i = wholeWithin(random, 1, 2); i > 0 && segments.length > 1; i--) {
    segments = oneOf(random, changes)(segments, random);
  }
  return fileOf(segments);
}
