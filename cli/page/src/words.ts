/** What the page says about sizes, times, runs and providers. @module */

import type { Progress } from "../../../mod.ts";
import type { Cost, Entry, Made } from "./messages.ts";
import type { Size } from "./viewport.ts";

/** Keeps a number and its unit on one line. */
const NARROW = "\u202f";

/** Seconds below which no number is shown. */
const MOMENT = 0.95;

/** A number of bytes. */
export function inUnits(bytes: number): string {
  return bytes < 1e9
    ? `${Math.ceil(bytes / 1e6)}${NARROW}MB`
    : `${(bytes / 1e9).toFixed(1)}${NARROW}GB`;
}

/** A duration in seconds. */
export function inTime(seconds: number): string {
  if (seconds < MOMENT) return "less than a second";
  if (seconds < 9.95) return `${seconds.toFixed(1)}${NARROW}s`;
  if (seconds < 90) return `${Math.round(seconds)}${NARROW}s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)}${NARROW}min`;
  return `${Math.round(seconds / 3600)}${NARROW}h`;
}

/** A share of 0 to 1. */
export function inPercent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** How much of a model has been downloaded; sizes are in bytes. */
export function loadingText(model: string, received: number, total: number): string {
  const [here, all] = [received, total].map((bytes) => (bytes / 1e6).toFixed(1));
  return `Loading ${model}: ${here} of ${all} MB`;
}

/** What a run will take. */
export interface Outlook {
  /** Size of what is enlarged. */
  size: Size;
  /** Seconds, if they are known. */
  seconds?: number;
  /** Whether it is an area of the photograph. */
  isArea: boolean;
  /** Whether a browser can hold the whole result. */
  fits: boolean;
}

/** What a run will take, in two lines. */
export function costText(cost: Cost, { size, seconds, isArea, fits }: Outlook): string {
  const about = (seconds: number) => `${seconds < MOMENT ? "" : "about "}${inTime(seconds)}`;
  const rest = [
    seconds === undefined ? "the first run tells the time" : about(seconds),
    `${inUnits(cost.memory)} of memory`,
    ...cost.warnings,
    ...fits ? [] : ["the whole is too large for a browser: try an area, or use the command line"],
  ];
  const sizes = `${size.width} × ${size.height} becomes ${cost.width} × ${cost.height}`;
  return `${isArea ? "The area of " : ""}${sizes}\n${rest.join(" · ")}`;
}

/** How far a run is, and the time left; `seconds` have passed. */
export function progressText(progress: Progress, samples: number, seconds: number): string {
  const { fraction } = progress;
  const left = fraction > 0.05 ? ` · ${inTime(seconds / fraction - seconds)} left` : "";
  return `${phaseText(progress, samples)}${left}`;
}

function phaseText({ phase, sample, step, steps, tile, tiles }: Progress, samples: number): string {
  const which = samples > 1 ? `sample ${sample + 1} of ${samples}, ` : "";
  if (phase === "condition") return `Analysing the photograph: tile ${tile} of ${tiles}`;
  if (phase === "finish") return "Finishing";
  return `Drawing: ${which}step ${Math.min(step + 1, steps)} of ${steps}, tile ${tile} of ${tiles}`;
}

/** How a run ended. */
export function doneText({ seconds, seed, restore, warnings }: Made): string {
  return [
    `Done in ${inTime(seconds)}`,
    ...seed === undefined ? [] : [`seed ${seed}`],
    ...restore === undefined ? [] : [`damage removed: ${inPercent(restore)}`],
    ...warnings,
  ].join(" · ");
}

/** Where an entry runs, and why it does not run elsewhere. */
export function providerText({ id, provider, tried, licence }: Entry, isIsolated: boolean): string {
  return [
    provider === "none" ? `${id} has no network.` : `${id} runs on ${provider}.`,
    ...tried.filter(({ provider }) => provider !== "native")
      .map(({ provider, reason }) => `Not on ${provider}: ${reason}.`),
    ...provider === "wasm" && !isIsolated
      ? ["Only on one core: the page is not isolated, since its server sends no COOP and COEP."]
      : [],
    `Its weights are under ${licence}.`,
  ].join(" ");
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
}
