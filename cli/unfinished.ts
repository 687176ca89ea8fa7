/** Files and folders that this process is writing, to be removed if it is interrupted. @module */

const unfinished = new Set<string>();

/** Registers unfinished files and folders until the returned function is called. */
export function markUnfinished(path: string | URL): () => void {
  const place = path instanceof URL ? path.href : path;
  unfinished.add(place);
  return () => void unfinished.delete(place);
}

/** Removes all unfinished files and folders at once. */
export function discardUnfinished(): void {
  discard(unfinished);
}

/** Removes files and folders synchronously, if they exist. */
export function discard(paths: Iterable<string>): void {
  for (const path of paths) {
    try {
      Deno.removeSync(path.startsWith("file:") ? new URL(path) : path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
