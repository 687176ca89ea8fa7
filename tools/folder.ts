/** Folders that need not exist. @module */

/** Sorted names of what a folder holds; none if there is no folder. */
export async function namesIn(folder: string | URL): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}
