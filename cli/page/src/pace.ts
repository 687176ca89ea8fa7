/** How fast this machine is, learned from each run and kept for the next visit. @module */

import type { Entry, RunOptions } from "./messages.ts";
import type { Size } from "./viewport.ts";

/** Work that all samples of a run share, in steps. */
const SHARED = 0.5;

/** Seconds for each pixel of the photograph, sample and step, by entry and provider. */
export class Pace {
  /** Remembers what a run took. */
  learn(entry: Entry, options: RunOptions, size: Size, seconds: number): void {
    try {
      localStorage.setItem(keyOf(entry), `${seconds / work(entry, options, size)}`);
    } catch {
      // Storage is full or forbidden: the page shows no time then.
    }
  }

  /** Seconds that a run will take; undefined before the first run of the entry. */
  seconds(entry: Entry, options: RunOptions, size: Size): number | undefined {
    try {
      const pace = Number(localStorage.getItem(keyOf(entry)) ?? NaN);
      return pace > 0 && pace < Infinity ? pace * work(entry, options, size) : undefined;
    } catch {
      return undefined;
    }
  }
}

function keyOf({ id, provider }: Entry): string {
  return `srzoo pace ${id} ${provider}`;
}

function work(entry: Entry, { samples = 1, steps }: RunOptions, { width, height }: Size): number {
  return width * height * (SHARED + samples * (steps ?? entry.steps?.default ?? 1));
}
