/** The contract of replays; each system has a file of its own. @module */

import type { Comparison } from "./comparison.ts";
import type { Entry } from "./entry.ts";
import type { Arrays, NumberArray } from "../npz.ts";

/** One recorded case. */
export interface Case {
  /** Its `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Its `io.npz`. */
  readonly arrays: Arrays;
  /** Imports its checkpoint and opens the graphs; `scale` is for systems whose weights do not show it. */
  openEntry(told?: { scale?: number }): Promise<Entry>;
}

/** Replays the cases of one system. */
export interface Replay {
  /** What it replays, for messages. */
  readonly name: string;
  /** Whether a case is one of these. */
  detect(recorded: Pick<Case, "config" | "arrays">): boolean;
  /** Computes everything anew; yields each quantity as soon as it is compared. */
  compare(recorded: Case): AsyncGenerator<Comparison>;
}

/**
 * An array that a case must hold.
 *
 * @throws {SyntaxError} If it is missing; the message names it.
 */
export function need(arrays: Arrays, name: string): NumberArray {
  if (Object.hasOwn(arrays, name)) return arrays[name];
  throw new SyntaxError(`Cannot replay the case: its io.npz has no array "${name}"`);
}
