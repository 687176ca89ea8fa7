/** Which names were probably meant. @module */

/**
 * Sorts names by their distance from what was typed.
 *
 * @returns At most three names, best first: those that contain it, then those few edits away.
 */
export function nearest(typed: string, names: readonly string[]): string[] {
  const distance = (name: string) => name.includes(typed) ? 0 : editDistance(typed, name);
  return names
    .map((name) => ({ name, distance: distance(name) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein's distance: the fewest letters to insert, remove or replace. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, replaced));
    }
    row = next;
  }
  return row[to.length];
}
