/** A model and its options in one word, for command lines. @module */

import type { UpscaleOptions } from "./plan.ts";

/** A model and the options that differ from its card's. */
export interface EntrySpec {
  /** Id, folder or URL. */
  readonly model: string;
  /** Options of the model, such as `{ steps: 8 }`. */
  readonly options: UpscaleOptions;
}

/** The options that a spec may name, and how they are parsed. */
const READERS: Readonly<Record<string, (value: string) => unknown>> = {
  steps: Number,
  temperature: Number,
  fidelity: Number,
  restore: (value) => value === "auto" ? value : Number(value),
  tile: Number,
  memory: Number,
  sampler: String,
  consistency: (value) => value !== "false",
};

/**
 * Parses `srdiff+steps=8+consistency`: a model and its options.
 *
 * @throws {RangeError} If an option is unknown; it lists them.
 */
export function readSpec(spec: string): EntrySpec {
  const [model, ...parts] = spec.split("+");
  const options = Object.fromEntries(parts.map((part) => {
    const [name, value = "true"] = part.split("=");
    if (!Object.hasOwn(READERS, name)) {
      const names = Object.keys(READERS).join(", ");
      throw new RangeError(`Cannot use "${part}" of "${spec}": the options are ${names}`);
    }
    return [name, READERS[name](value)];
  }));
  return { model, options };
}
