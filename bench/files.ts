/** Files that the bench reads and writes. @module */

/** Whether there is a file or folder. */
export async function exists(path: string | URL): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

export { sha256Of as sha256 } from "../lib/sha256.ts";

/** Writes a temporary file and renames it, so that an interruption leaves the old or the new file. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const beside = `${path}.part`;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(beside, bytes);
  await Deno.rename(beside, path);
}
