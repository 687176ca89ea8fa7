/** What all images of a run share. @module */

import { defaultMemory } from "../lib/platform.ts";
import type { Codec } from "../lib/image/files/codecs/codec.ts";
import type { UpscaleOptions, Upscaler } from "../mod.ts";
import type { Pace } from "./cost.ts";
import type { Settings } from "./settings.ts";
import type { Writer } from "./writer.ts";

/** The opened entry, and everything else that is needed for an image. */
export interface Workshop {
  /** The flags. */
  settings: Settings;
  /** The opened entry. */
  upscaler: Upscaler;
  /** Decodes the images, in place of the library's own codec. */
  decoder?: Codec;
  /** Writes the results. */
  writer: Writer;
  /** Places of all results; a renamed result must not take one of them. */
  claimed: ReadonlySet<string>;
  /** Aborts the work. */
  signal: AbortSignal;
  /** Version of this program. */
  program: string;
  /** How long images take, once measured. */
  pace?: Pace;
  /** The measurement, once begun. */
  measured?: Promise<Pace>;
  /** When the last image was enlarged, by `performance.now()`. */
  enlarged?: number;
  /** Bytes of memory of the image that was read last, of those being enlarged, and of those not written yet. */
  load: { read: number; enlarging: number; writing: number };
}

/** Bytes of memory that all unfinished images take; the one that was read last may be one of those being enlarged. */
export function loadOf({ load: { read, enlarging, writing } }: Workshop): number {
  return Math.max(read, enlarging) + writing;
}

/** Bytes of memory that the run may take. */
export function budgetOf({ settings: { memory = defaultMemory } }: Workshop): number {
  return memory;
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
