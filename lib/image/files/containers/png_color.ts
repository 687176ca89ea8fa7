/** The colour information of PNG's chunks, as an ICC profile. @module */

import {
  type Curve,
  curveOf,
  grayProfile,
  powerCurve,
  type Primaries,
  rgbProfile,
  SRGB_CURVE,
  SRGB_PRIMARIES,
} from "../icc.ts";

/** Finds the content of a chunk. */
type Find = (type: string) => Uint8Array | undefined;

/** The meaning of the chunks. */
export interface PngColor {
  /** An equivalent profile; none for sRGB. */
  readonly iccProfile?: Uint8Array<ArrayBuffer>;
  /** How they were used, as text for the user. */
  readonly note?: string;
}

/** Colours by the number of ITU-T H.273, table 2. */
const PRIMARIES: Readonly<Record<number, Primaries>> = {
  1: SRGB_PRIMARIES,
  9: { white: [0.3127, 0.329], colors: [[0.708, 0.292], [0.17, 0.797], [0.131, 0.046]] },
  11: { white: [0.314, 0.351], colors: [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06]] },
  12: { white: [0.3127, 0.329], colors: [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06]] },
};

const BT709: Curve = curveOf(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081);

/** Curves by the number of ITU-T H.273, table 3; those of a high dynamic range have none. */
const CURVES: Readonly<Record<number, Curve>> = {
  1: BT709,
  4: powerCurve(2.2),
  5: powerCurve(2.8),
  6: BT709,
  8: powerCurve(1),
  13: SRGB_CURVE,
  14: BT709,
  15: BT709,
};

/** A stored number that differs from sRGB's by less than this means sRGB. */
const NEAR = 0.002;

/**
 * Reads `cICP`, or else `gAMA` and `cHRM`, which an `sRGB` chunk overrides (specification, section 13.13).
 *
 * @param isGray Whether the pixels are gray.
 */
export function pngColor(find: Find, isGray: boolean): PngColor {
  const code = find("cICP");
  if (code) return codedColor(code, isGray);
  const gamma = numbersIn(find("gAMA"), 1)?.[0], places = numbersIn(find("cHRM"), 8);
  if (find("sRGB") || (gamma === undefined && !places)) return {};
  const primaries = places ? primariesOf(places) : SRGB_PRIMARIES;
  if (!primaries || gamma === 0) return { note: "damaged gAMA or cHRM left out" };
  const isSrgb = Math.abs((gamma ?? 0.45455) - 0.45455) < NEAR && near(primaries, SRGB_PRIMARIES);
  if (isSrgb) return {};
  const curve = gamma === undefined ? SRGB_CURVE : powerCurve(1 / gamma);
  return converted("gAMA and cHRM", isGray, primaries, curve);
}

/** Colours that are given by numbers (cICP). */
function codedColor([colors, transfer, matrix]: Uint8Array, isGray: boolean): PngColor {
  if (colors === 1 && transfer === 13) return {};
  const primaries = PRIMARIES[colors], curve = CURVES[transfer];
  if (matrix !== 0 || !primaries || !curve) {
    return { note: `colours by cICP ${colors}/${transfer} left out: no profile can express them` };
  }
  return converted("cICP", isGray, primaries, curve);
}

function converted(what: string, isGray: boolean, primaries: Primaries, curve: Curve): PngColor {
  const iccProfile = isGray ? grayProfile(curve) : rgbProfile(primaries, curve);
  return { iccProfile, note: `${what} kept as an ICC profile` };
}

/** Numbers in units of 1/100000. */
function numbersIn(chunk: Uint8Array | undefined, count: number): number[] | undefined {
  if (chunk?.length !== 4 * count) return undefined;
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  return Array.from({ length: count }, (_, i) => view.getUint32(4 * i) / 100000);
}

/** Whether the colours exist and span a plane. */
function primariesOf(places: number[]): Primaries | undefined {
  const [white, red, green, blue] = [0, 2, 4, 6].map((i) => [places[i], places[i + 1]] as const);
  const exist = [white, red, green, blue].every(([x, y]) => x < 1 && y > 0.001 && y < 1);
  const area = (red[0] - blue[0]) * (green[1] - blue[1]) -
    (green[0] - blue[0]) * (red[1] - blue[1]);
  return exist && Math.abs(area) > 0.001 ? { white, colors: [red, green, blue] } : undefined;
}

function near(a: Primaries, b: Primaries): boolean {
  const all = (primaries: Primaries) => [primaries.white, ...primaries.colors].flat();
  return all(a).every((value, i) => Math.abs(value - all(b)[i]) < NEAR);
}
