/** The choices of the user: kept in the URL, and available as a command line. @module */

import { DEFAULT_MODEL } from "../../../lib/zoo/default.ts";
import type { Entry, RunOptions } from "./messages.ts";

/** All choices. */
export interface Settings {
  model: string;
  seed: number;
  samples: number;
  /** Steps of the sampler; those of the card if absent. */
  steps?: number;
  /** Scale of the noise; that of the card if absent. */
  temperature?: number;
  fidelity: number;
  /** How much damage is removed: 0 to 1, or "auto" for as much as is found; that of the card if absent. */
  restore?: number | "auto";
  consistency: boolean;
}

/** The choices of a first visit. */
export const DEFAULTS: Settings = {
  model: DEFAULT_MODEL,
  seed: 0,
  samples: 1,
  fidelity: 1,
  consistency: false,
};

/** Parses the part of a URL after `#`; invalid values become defaults. */
export function parseSettings(hash: string, defaults: Settings = DEFAULTS): Settings {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (name: string, least: number, most: number, fallback: number) => {
    const value = Number(found.get(name) || NaN);
    return value >= least && value <= most ? value : fallback;
  };
  const steps = Math.round(number("steps", 1, 2000, 0));
  const temperature = number("temperature", 0, 2, NaN);
  const restore = found.get("restore") === "auto" ? "auto" : number("restore", 0, 1, NaN);
  return {
    model: /^[a-z0-9.-]{1,64}$/.test(found.get("model") ?? "")
      ? found.get("model")!
      : defaults.model,
    seed: Math.round(number("seed", 0, 2 ** 53 - 1, defaults.seed)),
    samples: Math.round(number("samples", 1, 9, defaults.samples)),
    steps: steps || undefined,
    temperature: Number.isNaN(temperature) ? undefined : temperature,
    fidelity: number("fidelity", 0, 1, defaults.fidelity),
    restore: Number.isNaN(restore) ? undefined : restore,
    consistency: found.get("consistency") === "1",
  };
}

/** The part of a URL after `#`, with what differs from the defaults. */
export function formatSettings(settings: Settings, defaults: Settings = DEFAULTS): string {
  const written = new URLSearchParams();
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || value === defaults[name as keyof Settings]) continue;
    written.set(name, value === true ? "1" : `${value}`);
  }
  return written.toString();
}

/** The options of a run; an entry that is not generative gets no options of the sampler. */
export function optionsOf(settings: Settings, entry: Entry): RunOptions {
  const { seed, samples, steps, fidelity } = settings;
  const temperature = temperatureIn(settings, entry);
  const common = { consistency: settings.consistency, restore: restoreOf(settings, entry.restore) };
  if (!entry.generative) return common;
  const drawn = { seed, samples, temperature, fidelity, ...common };
  return entry.steps ? { ...drawn, steps: steps && Math.min(steps, entry.steps.max) } : drawn;
}

/** The temperature: the card's if none is chosen, and at most the entry's maximum. */
export function temperatureIn({ temperature }: Settings, entry: Entry): number | undefined {
  return temperature === undefined || !entry.temperature
    ? entry.temperature?.default
    : Math.min(temperature, entry.temperature.max);
}

/** How much damage an entry with this dial removes; undefined without a dial. */
export function restoreOf({ restore }: Settings, dial: Entry["restore"]): Settings["restore"] {
  if (!dial || restore === undefined) return dial?.default;
  return restore === "auto" && !dial.finds ? dial.default : restore;
}

/** The command line that makes the same images. */
export function commandOf(settings: Settings, entry: Entry, file: string): string {
  const words = ["deno run -A cli/upscale.ts", quoted(file), `--model ${settings.model}`];
  const options = optionsOf(settings, entry);
  const usual: Settings = {
    ...DEFAULTS,
    restore: entry.restore?.default,
    temperature: entry.temperature?.default,
  };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === false) continue;
    if (name !== "seed" && value === usual[name as keyof Settings]) continue;
    words.push(value === true ? `--${name}` : `--${name} ${value}`);
  }
  return words.join(" ");
}

function quoted(file: string): string {
  return /^[\w.-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`;
}
