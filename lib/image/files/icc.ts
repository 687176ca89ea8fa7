/**
 * ICC profiles (ICC.1:2022): reads what they are for, and makes those that express other colour information of files.
 *
 * @module
 */

import { fourLetters, joined, latin1 } from "../../bytes.ts";

/** Chromaticities x and y of white, red, green and blue. */
export interface Primaries {
  /** White point. */
  readonly white: readonly [number, number];
  /** Red, green and blue. */
  readonly colors: readonly (readonly [number, number])[];
}

/** sRGB's and BT.709's. */
export const SRGB_PRIMARIES: Primaries = {
  white: [0.3127, 0.329],
  colors: [[0.64, 0.33], [0.3, 0.6], [0.15, 0.06]],
};

/** A curve from stored values to light, as the content of a tag. */
export type Curve = Uint8Array<ArrayBuffer>;

/** Bytes of a profile before its tags. */
const HEADER = 128;

/** White of the profile connection space, D50 (table 15 of the specification). */
const D50 = [0.9642, 1, 0.8249];

/** Bradford's cone responses (annex E). */
const BRADFORD = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];

/** The curve v^exponent. */
export function powerCurve(exponent: number): Curve {
  return parametric(0, [exponent]);
}

/** The curve (a v + b)^g from `d` on, and c v before it. */
export function curveOf(g: number, a: number, b: number, c: number, d: number): Curve {
  return parametric(3, [g, a, b, c, d]);
}

/** sRGB's curve (IEC 61966-2-1). */
export const SRGB_CURVE: Curve = curveOf(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045);

/** A profile of three colours. */
export function rgbProfile({ white, colors }: Primaries, curve: Curve): Uint8Array<ArrayBuffer> {
  const adaptation = adaptationTo(D50, xyzOf(white));
  const matrix = multiply(adaptation, scaledToWhite(colors.map(xyzOf), xyzOf(white)));
  const column = (c: number) => xyzTag(matrix.map((row) => row[c]));
  return profile("RGB ", [
    ["rXYZ", column(0)],
    ["gXYZ", column(1)],
    ["bXYZ", column(2)],
    ["rTRC", curve],
    ["gTRC", curve],
    ["bTRC", curve],
    ["chad", numbersTag("sf32", adaptation.flat())],
  ]);
}

/** A profile of gray values. */
export function grayProfile(curve: Curve): Uint8Array<ArrayBuffer> {
  return profile("GRAY", [["kTRC", curve]]);
}

/** The colours that a profile is for, such as `RGB ` or `GRAY`. */
export function colorSpaceOf(profile: Uint8Array): string {
  return fourLetters(profile, 16);
}

/**
 * A profile of three colours that shows equal values as a profile of gray shows them.
 *
 * @returns Undefined if the profile does not have a single curve.
 */
export function asRgbProfile(gray: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const curve = fourLetters(gray, 20) === "XYZ " ? tagOf(gray, "kTRC") : undefined;
  return curve && rgbProfile(SRGB_PRIMARIES, curve);
}

/**
 * A profile of gray that shows values as a profile of three colours shows equal values.
 *
 * @returns Undefined if the profile does not have three equal curves.
 */
export function asGrayProfile(rgb: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (fourLetters(rgb, 20) !== "XYZ ") return undefined;
  const [red, green, blue] = ["rTRC", "gTRC", "bTRC"].map((name) => tagOf(rgb, name));
  if (!red || !green || !blue) return undefined;
  const alike = [green, blue].every((curve) =>
    curve.length === red.length && curve.every((byte, i) => byte === red[i])
  );
  return alike ? grayProfile(red) : undefined;
}

/** The content of a tag, if it lies within the profile. */
function tagOf(profile: Uint8Array, name: string): Curve | undefined {
  if (profile.length < HEADER + 4) return undefined;
  const view = new DataView(profile.buffer, profile.byteOffset, profile.length);
  const count = Math.min(view.getUint32(HEADER), 100);
  for (let i = 0; i < count && HEADER + 16 + 12 * i <= profile.length; i++) {
    const entry = HEADER + 4 + 12 * i;
    if (fourLetters(profile, entry) !== name) continue;
    const start = view.getUint32(entry + 4), end = start + view.getUint32(entry + 8);
    return end <= profile.length && end - start >= 12
      ? profile.slice(start, end) as Curve
      : undefined;
  }
  return undefined;
}

/** A display profile with these tags and those that every profile has. */
function profile(
  space: "RGB " | "GRAY",
  own: readonly [name: string, content: Uint8Array][],
): Uint8Array<ArrayBuffer> {
  const tags: [string, Uint8Array][] = [
    ["desc", textTag("colours of the source")],
    ["cprt", textTag("no copyright")],
    ["wtpt", xyzTag(D50)],
    ...own,
  ];
  const head = new Uint8Array(HEADER + 4 + 12 * tags.length);
  const contents = tags.map(([, content]) =>
    joined([content, new Uint8Array(-content.length & 3)])
  );
  const view = new DataView(head.buffer);
  view.setUint32(HEADER, tags.length);
  let at = head.length;
  tags.forEach(([name, content], i) => {
    write(head, HEADER + 4 + 12 * i, name);
    view.setUint32(HEADER + 8 + 12 * i, at);
    view.setUint32(HEADER + 12 + 12 * i, content.length);
    at += contents[i].length;
  });
  view.setUint32(0, at);
  view.setUint32(8, 0x04300000); // version 4.3
  write(head, 12, "mntr" + space + "XYZ ");
  write(head, 36, "acsp");
  D50.forEach((value, i) => view.setInt32(68 + 4 * i, fixed(value)));
  return joined([head, ...contents]);
}

function parametric(kind: number, numbers: readonly number[]): Curve {
  const tag = numbersTag("para", [0, ...numbers]);
  new DataView(tag.buffer).setUint16(8, kind);
  return tag;
}

function xyzTag(xyz: readonly number[]): Uint8Array<ArrayBuffer> {
  return numbersTag("XYZ ", xyz);
}

/** Fixed-point numbers with 16 bits before and 16 bits after the point. */
function numbersTag(type: string, numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  const tag = new Uint8Array(8 + 4 * numbers.length);
  const view = new DataView(tag.buffer);
  write(tag, 0, type);
  numbers.forEach((value, i) => view.setInt32(8 + 4 * i, fixed(value)));
  return tag;
}

/** One English text. */
function textTag(text: string): Uint8Array<ArrayBuffer> {
  const tag = new Uint8Array(28 + 2 * text.length);
  const view = new DataView(tag.buffer);
  write(tag, 0, "mluc");
  [1, 12].forEach((value, i) => view.setUint32(8 + 4 * i, value));
  write(tag, 16, "enUS");
  view.setUint32(20, 2 * text.length);
  view.setUint32(24, 28);
  [...text].forEach((letter, i) => view.setUint16(28 + 2 * i, letter.charCodeAt(0)));
  return tag;
}

function fixed(value: number): number {
  return Math.round(value * 65536);
}

function write(bytes: Uint8Array, at: number, text: string): void {
  bytes.set(latin1(text), at);
}

/** Colour with luminance 1. */
function xyzOf([x, y]: readonly [number, number]): number[] {
  return [x / y, 1, (1 - x - y) / y];
}

/** The matrix whose columns are the three colours, scaled so that their sum is white. */
function scaledToWhite(colors: number[][], white: number[]): number[][] {
  const columns = [0, 1, 2].map((row) => colors.map((color) => color[row]));
  const [share] = transposed(multiply(inverse(columns), transposed([white])));
  return columns.map((row) => row.map((value, c) => value * share[c]));
}

/** Bradford's matrix that maps one white to another. */
function adaptationTo(white: number[], from: number[]): number[][] {
  const [cones] = transposed(multiply(BRADFORD, transposed([white])));
  const [before] = transposed(multiply(BRADFORD, transposed([from])));
  const gains = cones.map((cone, i) => cone / before[i]);
  const scaled = BRADFORD.map((row, i) => row.map((value) => value * gains[i]));
  return multiply(inverse(BRADFORD), scaled);
}

function multiply(a: readonly number[][], b: readonly number[][]): number[][] {
  return a.map((row) =>
    b[0].map((_, c) => row.reduce((sum, value, i) => sum + value * b[i][c], 0))
  );
}

function transposed(matrix: readonly number[][]): number[][] {
  return matrix[0].map((_, c) => matrix.map((row) => row[c]));
}

/** Inverse of 3x3 by its cofactors. */
function inverse(m: readonly number[][]): number[][] {
  const cofactor = (r: number, c: number) => {
    const [r1, r2] = [(r + 1) % 3, (r + 2) % 3], [c1, c2] = [(c + 1) % 3, (c + 2) % 3];
    return m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
  };
  const determinant = [0, 1, 2].reduce((sum, c) => sum + m[0][c] * cofactor(0, c), 0);
  return [0, 1, 2].map((r) => [0, 1, 2].map((c) => cofactor(c, r) / determinant));
}
