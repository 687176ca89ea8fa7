/** The contract of the abilities that are measured. @module */

import type { Study } from "./study.ts";

/** One ability. */
export interface Part {
  /** Name on the command line. */
  readonly name: string;
  /** Measures it; undefined if there is nothing to report. */
  run(study: Study): Promise<Finding | undefined>;
}

/** What was found about one ability on one set. */
export interface Finding {
  /** What it is. */
  readonly title: string;
  /** How it was measured, in sentences. */
  readonly how: string;
  /** Heads of the columns. */
  readonly head: readonly string[];
  /** Cells. */
  readonly rows: readonly (readonly string[])[];
  /** What the entry promises, and whether it holds. */
  readonly promises: readonly Promised[];
  /** The card's `steps.default` that follows from this finding, if any. */
  readonly stepsDefault?: number;
}

/** Something that must hold. */
export interface Promised {
  /** What, with the figure that decides. */
  readonly text: string;
  /** Whether it holds. */
  readonly kept: boolean;
}
