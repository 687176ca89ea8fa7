/** Times that can be compared although the machine also does other work. @module */

/** Rounds in which everything is timed once; milliseconds after which no round begins. */
const ROUNDS = 7, LONGEST = 12_000;

/**
 * Least milliseconds of each work, which is done in turns, so that all see the same load; the first round warms up.
 *
 * @param works What is timed, by name.
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

/** Milliseconds as seconds, for people. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
