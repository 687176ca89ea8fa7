/** What all images of a run share. @module */

import type { UpscaleOptions, Upscaler } from "../mod.ts";
import type { Reporter } from "./events.ts";
import type { Settings } from "./settings.ts";
import type { Writer } from "./writer.ts";

/** The opened entry, and everything else that an image needs on its way. */
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

/** The flags that the library takes; undefined ones are its to decide. */
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
