/** The contract of a part of fuzzing, which tries one kind of input. @module */

/** Tries one kind of input. */
export interface Part {
  /** Its name on the command line. */
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

/** One of the values, at random. */
export function oneOf<T>(random: () => number, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)];
}

/** A random whole number from `least` to `most`. */
export function wholeWithin(random: () => number, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** The parts of a file with one of them twice, elsewhere or gone; it is put at an index from `least` to `most`. */
export function rearranged<T>(
  parts: readonly T[],
  random: () => number,
  least: number,
  most: number,
): T[] {
  const from = wholeWithin(random, 0, parts.length - 1);
  const to = wholeWithin(random, least, most);
  if (random() < 0.4) return parts.toSpliced(to, 0, parts[from]);
  const rest = parts.toSpliced(from, 1);
  return random() < 0.5 ? rest : rest.toSpliced(to, 0, parts[from]);
}

/** Throws an error with the fault unless the condition holds. */
export function must(isSo: boolean, fault: () => string): asserts isSo {
  if (!isSo) throw new Error(fault());
}

/** Checks that an error is one line of a few words, and none that the JavaScript engine throws because of a bug. */
export function checkError(error: unknown, what: string): asserts error is Error {
  must(error instanceof Error, () => `${what} throws ${error}`);
  const { message } = error;
  must(
    message.length > 15 && !message.includes("\n"),
    () => `${what} says ${JSON.stringify(message)}`,
  );
  must(
    !/is not a function|undefined \(reading|is not iterable|Cannot convert|Invalid array length|BigInt/
      .test(message),
    () => `${what} fails by ${message}`,
  );
}

/** Unexpected values. */
export const ODD = [
  undefined,
  null,
  NaN,
  Infinity,
  -Infinity,
  -0,
  0,
  1,
  -1,
  0.5,
  1.5,
  2,
  3,
  1e-300,
  1e300,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  "1",
  "auto",
  "ddim",
  "dpmpp2m",
  "ddpm",
  "toString",
  "__proto__",
  "",
  true,
  false,
  [],
  [2],
  {},
  10n,
];
