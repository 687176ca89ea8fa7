/** What all images of a run share. @module */

import type { UpscaleOptions, Upscaler } from "../mod.ts";
import type { Reporter } from "./events.ts";
import type { Settings } from "./settings.ts";
import type { Writer } from "./writer.ts";

/** The opened entry, and everything else that is needed for an image. */
export interface Workshop {
  /** The flags. */
  settings: Settings;
  /** The opened entry. */
  upscaler: Upscaler;
  /** Receives the events. */
  report: Reporter;
  /** Writes the results. */
  writer: Writer;
  /** Places of all results; a renamed result must not take one of them. */
  claimed: ReadonlySet<string>;
  /** Aborts the work. */
  signal: AbortSignal;
  /** Version of this program. */
  program: string;
  /** Seconds per unit of work, once measured. */
  rate?: number;
}

/** The flags that are options of the library; it has defaults for undefined ones. */
export function optionsOf(
  { settings, signal }: Pick<Workshop, "settings" | "signal">,
): UpscaleOptions {
  const { steps, seed, samples, temperature, fidelity, tile, consistency, memory } = settings;
  const { restore, keepHidden } = settings;
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
    restore,
    keepHidden,
  };
  return { ...chosen, memory, signal };
}
