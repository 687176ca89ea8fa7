/** What is tried with random input: one part for each kind of input. @module */

/** Tries one kind of input. */
export interface Part {
  /** What it is called on the command line. */
  readonly name: string;
  /** How many tries a full run takes. */
  readonly tries: number;
  /**
   * Makes one input of `random` and tries it.
   *
   * @param random Numbers from 0 to 1; they alone decide what is tried.
   * @param work An empty folder.
   * @returns What happened, in a word; the words are counted.
   * @throws {Error} If something happened that must not.
   */
  attempt(random: () => number, work: string): Promise<string>;
}

/** One of these. */
export function oneOf<T>(random: () => number, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)];
}

/** A whole number from `least` to `most`. */
export function wholeWithin(random: () => number, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** Says what must not have happened. */
export function must(isSo: boolean, fault: () => string): asserts isSo {
  if (!isSo) throw new Error(fault());
}
