/** Random changes of bytes. @module */

import { joined } from "../../lib/bytes.ts";
import { oneOf, wholeWithin } from "./part.ts";

/** Bytes of a file. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Unexpected values for lengths and counts. */
const EXTREMES = [0, 1, 127, 128, 255, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One change; `other` is a second file, to splice with. */
type Change = (bytes: Bytes, random: () => number, other: Bytes) => Bytes;

const changes: readonly Change[] = [
  (bytes, random) => at(bytes, random, (copy, i) => copy[i] ^= 1 << wholeWithin(random, 0, 7)),
  (bytes, random) => at(bytes, random, (copy, i) => copy[i] = wholeWithin(random, 0, 255)),
  (bytes, random) =>
    at(bytes, random, (copy, i) => {
      if (i + 4 > copy.length) return;
      new DataView(copy.buffer).setUint32(i, oneOf(random, EXTREMES), random() < 0.5);
    }),
  (bytes, random) => bytes.slice(0, wholeWithin(random, 0, bytes.length)),
  (bytes, random) => {
    const [from, to] = span(bytes, random);
    return joined([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, random) => {
    const [from, to] = span(bytes, random);
    const times = random() < 0.1 ? 2000 : wholeWithin(random, 1, 5);
    if ((to - from) * times > 1e6) return bytes;
    const again = Array.from({ length: times }, () => bytes.subarray(from, to));
    return joined([bytes.subarray(0, to), ...again, bytes.subarray(to)]);
  },
  (bytes, random, other) =>
    joined([bytes.subarray(0, span(bytes, random)[0]), other.subarray(span(other, random)[0])]),
];

/** How many of them, from the first, overwrite bytes without moving others. */
const IN_PLACE = 3;

/** The bytes after one to four changes; half the time only changes that move no bytes. */
export function mutated(bytes: Bytes, random: () => number, other: Bytes): Bytes {
  let result = bytes;
  const kinds = random() < 0.5 ? changes.slice(0, IN_PLACE) : changes;
  for (let i = Math.floor(4 * random() ** 2); i >= 0; i--) {
    result = oneOf(random, kinds)(result, random, other);
  }
  return result;
}

/** Random bytes. */
export function randomBytes(random: () => number, length: number): Bytes {
  return Uint8Array.from({ length }, () => wholeWithin(random, 0, 255));
}

/** A copy, changed at one place, more often near the start, where most headers are. */
function at(bytes: Bytes, random: () => number, change: (copy: Bytes, i: number) => void): Bytes {
  if (bytes.length === 0) return bytes;
  const copy = bytes.slice();
  const share = random() < 0.5 ? random() ** 4 : random();
  change(copy, Math.floor(share * bytes.length));
  return copy;
}

/** Start and end of a random range, usually a short one. */
function span(bytes: Bytes, random: () => number): [number, number] {
  const from = wholeWithin(random, 0, bytes.length);
  const length = Math.floor(random() ** 4 * (bytes.length - from));
  return [from, from + length];
}
