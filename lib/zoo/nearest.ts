/** Suggests names that were probably meant. @module */

/**
 * Sorts names by their distance from the given one.
 *
 * @returns At most three names, best first: those that contain it, then those few edits away.
 */
export async function nearest(typed: string, names: readonly string[]): Promise<string[]> {
  // Late, since most names are right.
  const { default: leven } = await import("leven");
  const distance = (name: string) => name.includes(typed) ? 0 : leven(typed, name);
  return names
    .map((name) => ({ name, distance: distance(name) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}
