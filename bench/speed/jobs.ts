/** The measurements of speed in a run. @module */

import type { Provider } from "../../lib/runtime/session.ts";
import { untempered } from "../methods/entry.ts";
import type { Method } from "../methods/method.ts";
import { measureUpscalerjs, UPSCALERJS_PROVIDER } from "../peers/upscalerjs.ts";
import type { Settings } from "../settings.ts";
import type { SpeedRequest } from "./child.ts";
import type { SpeedFigures, SpeedKey } from "./row.ts";
import { LARGE, sizeOf, type SourceSize } from "./sizes.ts";
import { measureSpeed } from "./speed.ts";

/** One measurement to make. */
export interface SpeedJob {
  /** Text for the progress. */
  readonly label: string;
  /** What identifies it. */
  readonly key: SpeedKey;
  /** Digest of the method. */
  readonly methodDigest: string;
  /** Measures. */
  run(signal: AbortSignal): Promise<SpeedFigures>;
}

/**
 * All measurements of a run, the small sizes of each method first. If methods differ only in temperature, which
 * does not affect the time, only the first is timed.
 */
export function speedJobs(methods: readonly Method[], settings: Settings): SpeedJob[] {
  const specs = methods.map(({ facts: { spec } }) => spec && untempered(spec));
  const isFirst = (_: Method, i: number) => !specs[i] || specs.indexOf(specs[i]) === i;
  return methods.filter(isFirst).flatMap((method) =>
    settings.speedSizes.flatMap((name) => {
      const size = sizeOf(name, method.scale ?? BASELINE_SCALE);
      const jobs = jobsOf(method, size, settings);
      return jobs.map(({ provider, threads, run }) => ({
        label: `${method.name} ${size.width}x${size.height} ${provider}`,
        key: { method: method.name, provider, threads, ...size },
        methodDigest: method.digest,
        run,
      }));
    })
  );
}

/** Scale at which baselines are timed. */
const BASELINE_SCALE = 4;

/** Where a method is timed at one size. */
interface Place extends Pick<SpeedJob, "run"> {
  readonly provider: string;
  readonly threads: number;
}

function jobsOf({ name, scale, facts }: Method, size: SourceSize, settings: Settings): Place[] {
  const isLarge = size.width * size.height * (scale ?? BASELINE_SCALE) ** 2 > LARGE;
  const { threads, upscalerjs, speedProviders } = settings;
  if (facts.peer !== undefined) {
    const run = (signal: AbortSignal) => measureUpscalerjs(upscalerjs!, facts.peer!, size, signal);
    return isLarge ? [] : [{ provider: UPSCALERJS_PROVIDER, threads: 1, run }];
  }
  const request = { method: name, ...size, threads };
  const place = (provider: string, own: Pick<SpeedRequest, "spec" | "provider" | "scale">) => ({
    provider,
    threads: own.provider ? threads ?? navigator.hardwareConcurrency : 1,
    run: (signal: AbortSignal) => measureSpeed({ ...request, ...own }, signal),
  });
  if (facts.kind === "baseline") return [place("TypeScript", { scale: BASELINE_SCALE })];
  const { spec } = facts;
  if (spec === undefined) return [];
  const providers = isLarge ? speedProviders.slice(0, 1) : speedProviders;
  return providers.map((provider) => place(provider, { spec, provider: provider as Provider }));
}
