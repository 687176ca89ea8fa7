/** What is timed in a run: methods over sizes, providers and threads. @module */

import type { Provider } from "../../lib/runtime/session.ts";
import type { Method } from "../methods/method.ts";
import { measureUpscalerjs } from "../peers/upscalerjs.ts";
import type { Settings } from "../settings.ts";
import type { SpeedRow } from "./row.ts";
import { measureSpeed } from "./speed.ts";

/** One measurement that is to be made. */
export interface SpeedJob {
  /** For the progress. */
  readonly label: string;
  /** Name of the method. */
  readonly method: string;
  /** Measures. */
  run(signal: AbortSignal): Promise<SpeedRow>;
}

/** Size of a source in pixels. */
export interface SourceSize {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** Outputs over this many pixels are timed on the first provider alone: the others take minutes. */
const LARGE = 2e6;

/** Sources of 128x128 and 320x240, and those whose outputs have 1 and 8 megapixels. */
export function sizesOf(scale: number, quick: boolean): SourceSize[] {
  const fixed = { width: 128, height: 128 };
  if (quick) return [fixed];
  const outputs = [[1024, 1024], [3264, 2448]].map(([width, height]) => ({
    width: Math.round(width / scale),
    height: Math.round(height / scale),
  }));
  return [fixed, { width: 320, height: 240 }, ...outputs];
}

/** All measurements of a run. */
export function speedJobs(methods: readonly Method[], settings: Settings): SpeedJob[] {
  return methods.flatMap((method) => {
    const { name, scale = 4, facts } = method;
    return sizesOf(scale, settings.quick).flatMap((size) => {
      const label = `${name} ${size.width}x${size.height}`;
      const isLarge = size.width * size.height * scale ** 2 > LARGE;
      if (facts.spec !== undefined) {
        const providers = isLarge ? settings.speedProviders.slice(0, 1) : settings.speedProviders;
        return providers.map((provider) => ({
          label: `${label} ${provider}`,
          method: name,
          run: (signal: AbortSignal) =>
            measureSpeed({
              method: name,
              spec: facts.spec!,
              ...size,
              provider: provider as Provider,
              threads: settings.threads,
            }, signal),
        }));
      }
      const peer = name.startsWith("upscalerjs-") ? name.slice("upscalerjs-".length) : undefined;
      if (peer && !isLarge) {
        const run = (signal: AbortSignal) =>
          measureUpscalerjs(settings.upscalerjs!, peer, size, signal);
        return [{ label, method: name, run }];
      }
      return [];
    });
  });
}
