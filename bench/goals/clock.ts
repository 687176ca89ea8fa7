/** Times that can be compared on a machine that also does other work. @module */

/** Number of timed rounds, and milliseconds after which no round begins. */
const ROUNDS = 7, LONGEST = 12_000;

/**
 * Least milliseconds of each function. They take turns, so that all see the same load; the first round warms up.
 *
 * @param works The functions to time, by name.
 */
export async function clocked<Name extends string>(
  works: Readonly<Record<Name, () => unknown>>,
  signal?: AbortSignal,
): Promise<Record<Name, number>> {
  const names = Object.keys(works) as Name[];
  const least = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<Name, number>;
  const begin = performance.now();
  for (let round = 0; round <= ROUNDS; round++) {
    if (round > 1 && performance.now() - begin > LONGEST) break;
    for (const name of names) {
      signal?.throwIfAborted();
      const start = performance.now();
      await works[name]();
      const took = performance.now() - start;
      if (round > 0) least[name] = Math.min(least[name], took);
    }
  }
  return least;
}

/** Milliseconds as text in seconds, such as `0.25 s`. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
