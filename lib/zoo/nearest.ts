/** Suggests names that were probably meant. @module */

/**
 * Sorts names by their distance from the given one.
 *
 * @returns At most three names, best first: those that contain it, then those few edits away; none if none is like it.
 */
export function nearest(typed: string, names: readonly string[]): string[] {
  const distance = (name: string) => name.includes(typed) ? 0 : editDistance(typed, name);
  const most = typed.length / 2;
  return names
    .map((name) => ({ name, distance: distance(name) }))
    .filter(({ distance }) => distance < most)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** The least number of characters to insert, delete or replace (Levenshtein 1966); a package would cost pages more. */
export function editDistance(from: string, to: string): number {
  // Distances of the part of `from` that was read so far from every beginning of `to`.
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (const [i, read] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      next.push(Math.min(row[j] + Number(read !== to[j]), row[j + 1] + 1, next[j] + 1));
    }
    row = next;
  }
  return row[to.length];
}
