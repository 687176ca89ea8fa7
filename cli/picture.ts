/** One picture from its file to its results. @module */

import { join } from "node:path";
import {
  type Image,
  type Plan,
  readImage,
  type Upscaled,
  type UpscaleOptions,
  type Upscaler,
} from "../mod.ts";
import { measureRate, memoryOf, resultSize, workOf } from "./cost.ts";
import type { Reporter } from "./events.ts";
import { suffixed, type Target } from "./outputs.ts";
import { encoded, factsOf, writeResults } from "./results.ts";
import type { Settings } from "./settings.ts";
import type { Writer } from "./writer.ts";

/** What all pictures of a run share. */
export interface Workshop {
  /** The flags. */
  settings: Settings;
  /** The opened entry. */
  upscaler: Upscaler;
  /** Takes what is to be told. */
  report: Reporter;
  /** Writes the results. */
  writer: Writer;
  /** Places of all results, so that a renamed one takes none of them. */
  claimed: ReadonlySet<string>;
  /** Ends the work. */
  signal: AbortSignal;
  /** Version of this program. */
  program: string;
  /** Seconds for each unit of work, as far as is known. */
  rate?: number;
}

/** Enlarges one picture and writes its results. */
export async function enlargePicture(shop: Workshop, target: Target): Promise<void> {
  const { settings, upscaler, report, signal } = shop;
  const file = target.input.path;
  const source = await readImage(await bytesOf(file, signal), { signal });
  const plan = upscaler.plan(source, optionsOf(shop));
  const size = resultSize(plan, settings.scale);
  const memoryBytes = memoryOf(plan, size, target.format, settings.memory);
  shop.rate ??= settings.quiet
    ? 0 // nobody is told
    : await measureRate(upscaler, source, target.format, optionsOf(shop));
  const { width, height } = source;
  const [outputWidth, outputHeight] = [size.width, size.height];
  const seconds = shop.rate * workOf(plan);
  report({ event: "plan", file, width, height, outputWidth, outputHeight, memoryBytes, seconds });

  const start = performance.now();
  const result = await followed(shop, target, source, plan);
  const { outputs, notes } = await writeResults(shop, target, result, size);
  const took = (performance.now() - start) / 1000;
  shop.rate = took / workOf(plan);
  report({
    event: "done",
    file,
    outputs,
    ...size,
    scale: settings.scale ?? upscaler.card.scale,
    model: result.model,
    version: upscaler.card.version,
    provider: result.provider,
    ...factsOf(result),
    seconds: took,
    notes,
  });
}

/** The bytes of a file, or of all that standard input has. */
async function bytesOf(path: string, signal: AbortSignal): Promise<Uint8Array> {
  if (path !== "-") return await Deno.readFile(path, { signal });
  const whole = new Response(Deno.stdin.readable).bytes();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return await Promise.race([whole, aborted]);
}

/** The flags that the library takes; undefined ones are its to decide. */
export function optionsOf(
  { settings, signal }: Pick<Workshop, "settings" | "signal">,
): UpscaleOptions {
  const { steps, seed, samples, temperature, fidelity, tile, consistency, memory } = settings;
  const sampler = settings.sampler as UpscaleOptions["sampler"];
  const chosen = {
    steps,
    sampler,
    seed,
    samples,
    temperature,
    fidelity,
    tile,
    consistency,
    memory,
  };
  return { ...chosen, signal };
}

/** Runs the model, telling how far it is and writing each step's picture where asked to. */
async function followed(
  shop: Workshop,
  target: Target,
  source: Image,
  plan: Plan,
): Promise<Upscaled> {
  const { upscaler, report, settings } = shop;
  const start = performance.now();
  const stream = upscaler.stream(source, {
    ...plan,
    onProgress: (progress) => {
      const spent = (performance.now() - start) / 1000;
      const secondsLeft = spent * (1 / progress.fraction - 1);
      report({ event: "progress", file: target.input.path, ...progress, secondsLeft });
    },
  });
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) {
    const { sample, step } = next.value;
    if (settings.previews === undefined) continue;
    const name = settings.samples === undefined ? "" : `-${sample + 1}`;
    const path = suffixed(target.preview, `${name}-step${`${step}`.padStart(2, "0")}`);
    const bytes = await encoded(shop, target.format, next.value.image());
    await shop.writer.write(join(settings.previews, path), bytes);
  }
  return next.value;
}
