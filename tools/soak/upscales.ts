/** Sends many images through one upscaler: memory must stay flat, and results the same. @module */

import { createHash } from "node:crypto";
import { encodeImage, type Image, type Upscaler } from "../../mod.ts";
import { least, type Usage, usage } from "./usage.ts";

/** The result of many runs. */
export interface Upscales {
  /** Runs. */
  runs: number;
  /** Results that were not those of the first run. */
  different: number;
  /** The least that the process held during the second tenth of the runs. */
  early: Usage;
  /** The least that it held during the last tenth. */
  late: Usage;
}

/**
 * Enlarges `count` small images of 12 sizes in turn.
 *
 * @param onPart Called after each tenth with the number of runs so far.
 */
export async function soakUpscales(
  upscaler: Upscaler,
  count: number,
  onPart: (runs: number) => void = () => {},
): Promise<Upscales> {
  const first = new Map<number, string>();
  const options = upscaler.generative ? { seed: 1, steps: 1 } : {};
  const early: Usage[] = [], late: Usage[] = [];
  const pause = Math.max(1, Math.floor(count / 100));
  let different = 0;
  for (let i = 0; i < count; i++) {
    const kind = i % 12;
    const { images } = await upscaler.upscale(ramp(16 + kind, 28 - kind), options);
    const digest = digestOf(images[0]);
    if (!first.has(kind)) first.set(kind, digest);
    else if (first.get(kind) !== digest) different++;
    if (10 * (i + 1) % count < 10) onPart(i + 1);
    if (i % pause > 0) continue;
    if (i >= 0.1 * count && i < 0.2 * count) early.push(await usage());
    else if (i >= 0.9 * count) late.push(await usage());
  }
  if (early.length === 0 || late.length === 0) {
    const now = await usage();
    return { runs: count, different, early: now, late: now };
  }
  return { runs: count, different, early: least(early), late: least(late) };
}

/** The result of aborts at random moments. */
export interface Aborts {
  /** Runs that were aborted. */
  aborted: number;
  /** Runs that ended before. */
  finished: number;
  /** Runs that failed with an error other than the signal's reason. */
  otherwise: number;
  /** Runs whose result was wrong. */
  wrong: number;
}

/** Aborts runs at random moments, and checks the results of those that end and of later runs. */
export async function soakAborts(
  upscaler: Upscaler,
  count: number,
  random: () => number,
): Promise<Aborts> {
  const source = await encodeImage(ramp(70, 50), { format: "webp" });
  const options = upscaler.generative ? { seed: 3 } : {};
  const run = async (signal?: AbortSignal) =>
    digestOf((await upscaler.upscale(source, { ...options, signal })).images[0]);
  const right = await run();
  const start = performance.now();
  await run();
  const took = performance.now() - start;
  const found: Aborts = { aborted: 0, finished: 0, otherwise: 0, wrong: 0 };
  for (let i = 0; i < count; i++) {
    const abort = new AbortController();
    const reason = new Error("enough");
    const timer = setTimeout(() => abort.abort(reason), took * 1.1 * random());
    try {
      if (await run(abort.signal) !== right) found.wrong++;
      found.finished++;
    } catch (error) {
      if (error === reason) found.aborted++;
      else found.otherwise++;
    }
    clearTimeout(timer);
    if (i % 10 === 9 && await run() !== right) found.wrong++;
  }
  return found;
}

function ramp(width: number, height: number): Image {
  const data = new Uint8ClampedArray(4 * width * height)
    .map((_, i) => i % 4 === 3 ? 255 : (i * 7 + (i >> 6)) % 256);
  return { width, height, data, channels: 3 };
}

function digestOf({ data }: Image): string {
  return createHash("sha256").update(data).digest("hex");
}
