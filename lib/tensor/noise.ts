/**
 * Standard normal noise from a counter: any value can be computed without those before it.
 *
 * The same index gives the same bits in any IEEE 754 language, since nothing but integer arithmetic,
 * +, -, *, / and square roots of doubles is used. To reproduce it (tests/fixtures/make_noise.py does):
 *
 * 1. `key = T(T([low, high] words of the seed; [sample, draw]); [channel, 0])`, where `T(key; counter)` is
 *    Threefry-2x32 with 20 rounds (Salmon et al. 2011).
 * 2. `[k0, k1] = T(key; [y, 0])` for each row y.
 * 3. `w = F(F(floor(x / 2) + k0) + k1)` modulo 2^32, where F is the finalizer of MurmurHash3 (Appleby). Pixel
 *    (x, y) takes the low 16 bits of w as u if x is even, the high 16 bits if it is odd.
 * 4. z is the inverse normal distribution at p = (u + 1/2) / 2^16 (Wichura 1988, AS 241), rounded to
 *    float32: |z| < 4.33; neighbouring values differ by 0.00004 in the middle and by 0.0035 at |z| = 3.
 *
 * A cipher for each row and a hash for each two pixels: the cipher makes rows, channels, draws, samples and
 * seeds independent; the hash is ten times as fast, and 16 bits make the distribution a table.
 *
 * @module
 */

import { checkWhole } from "../checks.ts";
import type { Held } from "./held.ts";
import { type Tensor, tensor } from "./tensor.ts";

/** Identifies a field of noise. */
export interface NoiseIndex {
  /** A whole number from 0 to 2^53 - 1. */
  seed: number;
  /** Number of the sample of one image, from 0; item i of a batch is sample + i. */
  sample: number;
  /** 0 for the start of a sampler, 1, 2, ... for its steps. */
  draw: number;
}

/** Position of a window in the whole field, in pixels. */
export interface NoiseOrigin {
  /** Column of the window's first pixel. */
  x: number;
  /** Row of the window's first pixel. */
  y: number;
}

/** Standard normal noise of a window `[n, channels, height, width]`: `noise()`, or a replacement, which may be asynchronous. */
export type NoiseField = (
  index: NoiseIndex,
  dims: readonly number[],
  origin: NoiseOrigin,
) => Tensor | Promise<Tensor>;

/** Two 32-bit words, as JavaScript keeps them: signed. */
export type Words = readonly [number, number];

const PARITY = 0x1bd11bda;
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/** Threefry-2x32-20: encrypts a counter under a key (Salmon et al. 2011, section 3.3). */
export function threefry2x32(key: Words, counter: Words): Words {
  const keys = [key[0], key[1], PARITY ^ key[0] ^ key[1]];
  let a = (counter[0] + keys[0]) | 0;
  let b = (counter[1] + keys[1]) | 0;
  for (let group = 1; group <= 5; group++) {
    for (let round = 0; round < 4; round++) {
      const by = ROTATIONS[((group - 1) & 1) * 4 + round];
      a = (a + b) | 0;
      b = ((b << by) | (b >>> (32 - by))) ^ a;
    }
    a = (a + keys[group % 3]) | 0;
    b = (b + keys[(group + 1) % 3] + group) | 0;
  }
  return [a, b];
}

/** ln((2 v + 1) / 2^33) for 0 <= v < 2^31: ln m = ln 1.5 + 2 artanh((m - 1.5)/(m + 1.5)). */
function logOf(v: number): number {
  const odd = 2 * v + 1;
  const exponent = 31 - Math.clz32(odd);
  const m = odd / 2 ** exponent;
  const s = (m - 1.5) / (m + 1.5);
  const q = s * s;
  let series = 1 / 25;
  for (let n = 23; n >= 1; n -= 2) series = series * q + 1 / n;
  return (exponent - 33) * 0.6931471805599453 + (0.4054651081081644 + 2 * s * series);
}

/** The inverse normal distribution at (u + 1/2) / 2^32 (Wichura 1988, AS 241, PPND16). */
export function normalOf(u: number): number {
  const q = (u + 0.5) / 4294967296 - 0.5;
  if (Math.abs(q) > 0.425) return q < 0 ? -tailOf(u) : tailOf(4294967295 - u);
  const r = 0.180625 - q * q;
  return q * (((((((2509.0809287301226727 * r + 33430.575583588128105) * r +
                        67265.770927008700853) * r + 45921.953931549871457) * r +
                13731.693765509461125) * r +
            1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608) /
    (((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r +
                      21213.794301586595867) * r + 5394.1960214247511077) * r +
              687.1870074920579083) * r +
          42.313330701600911252) * r + 1);
}

/** The part of AS 241 beyond 0.425; words of 32 bits never reach its third range. */
function tailOf(v: number): number {
  const r = Math.sqrt(-logOf(v)) - 1.6;
  return (((((((7.7454501427834140764e-4 * r + 2.27238449892691845833e-2) * r +
                        2.4178072517745061177e-1) * r + 1.27045825245236838258) * r +
                3.64784832476320460504) * r +
            5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734) /
    (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r +
                          1.51986665636164571966e-2) * r + 1.4810397642748007459e-1) * r +
                  6.8976733498510000455e-1) * r + 1.6763848301838038494) * r +
          2.05319162663775882187) * r + 1);
}

/**
 * Standard normal noise of a window `[n, channels, height, width]`.
 *
 * @param index Which field; the same index and pixel give the same value in every window.
 * @param dims Sizes of the window.
 * @param origin Position of the window in the field.
 * @throws {RangeError} If the seed is not a whole number from 0 to 2^53 - 1, or the origin is not whole.
 */
export function noise(
  index: NoiseIndex,
  dims: readonly number[],
  origin: NoiseOrigin = { x: 0, y: 0 },
): Tensor {
  return fieldOf(quantiles(), index, dims, origin);
}

/** A field whose values are those of a table of 2^16. */
function fieldOf(
  normals: Float32Array,
  index: NoiseIndex,
  dims: readonly number[],
  origin: NoiseOrigin,
): Tensor {
  const keys = rowKeys(index, dims, origin);
  const field = tensor(dims);
  const { data } = field;
  const { x } = origin;
  const end = x + dims[3];
  for (let row = 0, at = 0; at < data.length; row++) {
    const k0 = keys[2 * row], k1 = keys[2 * row + 1];
    let column = x;
    if (column & 1) data[at++] = normals[wordAt(column++ >> 1, k0, k1) >>> 16];
    for (; column + 1 < end; column += 2) {
      const word = wordAt(column >> 1, k0, k1);
      data[at++] = normals[word & 0xffff];
      data[at++] = normals[word >>> 16];
    }
    if (column < end) data[at++] = normals[wordAt(column >> 1, k0, k1) & 0xffff];
  }
  return field;
}

/** The two words of each row of each channel that `wordAt()` takes: all but the hash of its pixels. */
export function rowKeys(
  { seed, sample, draw }: NoiseIndex,
  [n, channels, height]: readonly number[],
  origin: NoiseOrigin,
): Int32Array<ArrayBuffer> {
  checkSeed(seed);
  checkOrigin(origin);
  const keys = new Int32Array(2 * n * channels * height);
  const seedKey: Words = [seed | 0, Math.floor(seed / 4294967296) | 0];
  let at = 0;
  for (let item = 0; item < n; item++) {
    const key = threefry2x32(seedKey, [sample + item, draw]);
    for (let c = 0; c < channels; c++) {
      const ofChannel = threefry2x32(key, [c, 0]);
      for (let row = 0; row < height; row++, at += 2) {
        keys.set(threefry2x32(ofChannel, [origin.y + row, 0]), at);
      }
    }
  }
  return keys;
}

/** Everything that determines a window of noise. */
export interface NoiseRecipe {
  /** Which field. */
  readonly index: NoiseIndex;
  /** Sizes of the window. */
  readonly dims: readonly number[];
  /** Position of the window in the field. */
  readonly origin: NoiseOrigin;
  /** Factor of the noise. */
  readonly scale: number;
}

/** Draws noise: the table is scaled, which has fewer values than a field. */
export function drawn({ index, dims, origin, scale }: NoiseRecipe): Tensor {
  const normals = quantiles();
  const scaled = scale === 1 ? normals : normals.map((value) => scale * value);
  return fieldOf(scaled, index, dims, origin);
}

/** Noise that is drawn when it is read, or where it is needed, such as on a GPU. */
export class HeldNoise implements Held {
  /** Everything that determines it. */
  readonly recipe: NoiseRecipe;

  /** Makes it; nothing is drawn yet. */
  constructor(recipe: NoiseRecipe) {
    this.recipe = recipe;
  }

  get dims(): readonly number[] {
    return this.recipe.dims;
  }

  /** The same noise, multiplied. */
  times(factor: number): HeldNoise {
    return new HeldNoise({ ...this.recipe, scale: factor * this.recipe.scale });
  }

  // deno-lint-ignore require-await -- what is refused must reject
  async read(): Promise<Tensor> {
    return drawn(this.recipe);
  }

  dispose(): void {}
}

/** Refuses a fractional position: tiles and regions must start at whole pixels of the field's grid. */
function checkOrigin({ x, y }: NoiseOrigin): void {
  if (Number.isInteger(x) && Number.isInteger(y)) return;
  throw new RangeError(
    `Cannot draw noise from (${x}, ${y}) on: a field starts at whole pixels. ` +
      `Give the card a multiple that the latent's grid divides`,
  );
}

/** The word of two neighbouring pixels of a row. */
function wordAt(pair: number, k0: number, k1: number): number {
  return finalizer((finalizer((pair + k0) | 0) + k1) | 0);
}

/** MurmurHash3's 32-bit finalizer: a permutation in which every bit changes every other one. */
function finalizer(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

let table: Float32Array<ArrayBuffer> | undefined;

/** The inverse normal distribution at (u + 1/2) / 2^16 for every u, made once. */
export function quantiles(): Float32Array<ArrayBuffer> {
  if (table) return table;
  table = new Float32Array(65536);
  for (let u = 0; u < 32768; u++) {
    const z = normalOf(u * 65536 + 32767.5);
    table[u] = z;
    table[65535 - u] = -z;
  }
  return table;
}

/** The default seed: 32 random bits. */
export function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/**
 * Refuses an invalid seed.
 *
 * @throws {TypeError} If `seed` is not a number.
 * @throws {RangeError} If it is not a whole number from 0 to 2^53 - 1.
 */
export function checkSeed(seed: number): void {
  checkWhole("seed", seed, { to: Number.MAX_SAFE_INTEGER });
}
