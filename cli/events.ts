/** What a run tells, be it to people or, one JSON object a line, to programs. @module */

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

/** The choices of a plan that an image's size does not tell. */
export interface PlanChoices {
  /** Seed of the noise, where any is drawn. */
  seed?: number;
  /** Sampler, where any is used. */
  sampler?: string;
  /** Steps of the sampler. */
  steps?: number;
  /** Graph that makes the steps. */
  graph?: string;
  /** Images to draw. */
  samples: number;
  /** Parts that are worked on one after the other. */
  regions: number;
  /** Calls of networks. */
  runs: number;
}

/** What one image will take. */
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
  /** Estimate of the bytes at the peak. */
  memoryBytes: number;
  /** Estimate of the time, from what was measured on this machine. */
  seconds: number;
  /** Whether nothing will be done. */
  dry?: boolean;
}

/** What one image became. */
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
  /** What ran the networks. */
  provider: string;
  /** Precision of the weights, where there are networks. */
  precision?: string;
  /** Seed of the noise, where any was drawn. */
  seed?: number;
  /** Sampler, where any was used. */
  sampler?: string;
  /** Steps of the sampler. */
  steps?: number;
  /** Graph that made the steps. */
  graph?: string;
  /** Time it took. */
  seconds: number;
  /** What the user should know of the result. */
  notes: string[];
}

/** Takes events. */
export type Reporter = (event: Event) => void;

/** How JSON writes a character that it may also hold as it is. */
function inJson(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Whether others like it follow soon. */
function isFrequent(event: Event): boolean {
  return event.event === "download" || (event.event === "progress" && event.fraction < 1);
}

/** Milliseconds between two of the frequent events. */
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
