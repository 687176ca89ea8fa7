/** What is timed in a run: methods over sizes, providers and threads. @module */

import type { Provider } from "../../lib/runtime/session.ts";
import type { Method } from "../methods/method.ts";
import { measureUpscalerjs } from "../peers/upscalerjs.ts";
import type { Settings } from "../settings.ts";
import type { SpeedRow } from "./row.ts";
import { LARGE, sizeOf } from "./sizes.ts";
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

/** All measurements of a run. */
export function speedJobs(methods: readonly Method[], settings: Settings): SpeedJob[] {
  return methods.flatMap((method) => {
    const { name, scale = 4, facts } = method;
    return settings.speedSizes.flatMap((sizeName) => {
      const size = sizeOf(sizeName, scale);
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
