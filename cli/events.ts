/** The events of a run: text for people, or one JSON object per line for programs. @module */

import type { Progress } from "../mod.ts";
import { escapeControls } from "./controls.ts";

/** One thing that happened. */
export type Event =
  | { event: "start"; model: string; version: string; provider: string; notes: string[] }
  | { event: "download"; file: string; received: number; total?: number }
  | PlanEvent
  | ({ event: "progress"; file: string; secondsLeft?: number } & Progress)
  | DoneEvent
  | { event: "skipped"; file: string; why: string }
  | { event: "error"; file?: string; message: string; stack?: string }
  | {
    event: "summary";
    done: number;
    skipped: number;
    failed: number;
    seconds: number;
    dry?: boolean;
  };

/** The choices of a plan besides the sizes. */
export interface PlanChoices {
  /** Seed of the noise, if any is drawn. */
  seed?: number;
  /** Sampler, if one is used. */
  sampler?: string;
  /** Steps of the sampler. */
  steps?: number;
  /** Graph that makes the steps. */
  graph?: string;
  /** How much damage to remove: 0 to 1, or `auto` for as much as the input shows; only if the entry has the option. */
  restore?: number | "auto";
  /** Images to draw. */
  samples: number;
  /** Number of regions, which are processed one after the other. */
  regions: number;
  /** Number of network calls. */
  runs: number;
}

/** The planned results of one image, and what they will take. */
export interface PlanEvent extends PlanChoices {
  /** Kind. */
  event: "plan";
  /** The input. */
  file: string;
  /** One path for each sample. */
  outputs: string[];
  /** Columns of the input. */
  width: number;
  /** Rows of the input. */
  height: number;
  /** Columns of the result. */
  outputWidth: number;
  /** Rows of the result. */
  outputHeight: number;
  /** Estimate of the peak memory in bytes. */
  memoryBytes: number;
  /** Estimate of the time in seconds, measured on this machine. */
  seconds: number;
  /** Whether this is a dry run. */
  dry?: boolean;
}

/** The results of one image. */
export interface DoneEvent {
  /** Kind. */
  event: "done";
  /** The input. */
  file: string;
  /** One path for each sample. */
  outputs: string[];
  /** Columns of the result. */
  width: number;
  /** Rows of the result. */
  height: number;
  /** Factor of the result. */
  scale: number;
  /** Id of the entry. */
  model: string;
  /** Version of the entry. */
  version: string;
  /** Provider that ran the networks. */
  provider: string;
  /** Precision of the weights, if there are networks. */
  precision?: string;
  /** Seed of the noise, if any was drawn. */
  seed?: number;
  /** Sampler, if one was used. */
  sampler?: string;
  /** Steps of the sampler. */
  steps?: number;
  /** Graph that made the steps. */
  graph?: string;
  /** How much damage was removed, 0 to 1, if the entry has the option. */
  restore?: number;
  /** LR-PSNR of each image in dB, with `--consistency`. */
  lrPsnr?: readonly number[];
  /** Time in seconds. */
  seconds: number;
  /** What the user should know about the result. */
  notes: string[];
}

/** Receives events. */
export type Reporter = (event: Event) => void;

/** A character as an escape of JSON. */
function inJson(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Whether it is one of the frequent events, and not the last of its kind. */
function isFrequent(event: Event): boolean {
  return event.event === "download" || (event.event === "progress" && event.fraction < 1);
}

/** Milliseconds between two frequent events. */
const PAUSE = 100;

/** Writes each event as one line of JSON. */
export function jsonReporter(write: (line: string) => void): Reporter {
  let last = -Infinity;
  return (event) => {
    if (isFrequent(event)) {
      if (performance.now() - last < PAUSE) return;
      last = performance.now();
    }
    write(escapeControls(JSON.stringify(event), inJson) + "\n");
  };
}
