/** Files and folders that this process is writing, to be removed if it must end in the midst of it. @module */

const unfinished = new Set<string>();

/** Notes what is there only in part, until the returned function is called. */
export function markUnfinished(path: string | URL): () => void {
  const place = path instanceof URL ? path.href : path;
  unfinished.add(place);
  return () => void unfinished.delete(place);
}

/** Removes at once all that is unfinished. */
export function discardUnfinished(): void {
  discard(unfinished);
}

/** Removes files and folders at once, as far as they are there. */
export function discard(paths: Iterable<string>): void {
  for (const path of paths) {
    try {
      Deno.removeSync(path.startsWith("file:") ? new URL(path) : path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
