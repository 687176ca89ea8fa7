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

/** Writes a file beside and moves it into place, so that an interrupt leaves the old or the new one. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const beside = `${path}.part`;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(beside, bytes);
  await Deno.rename(beside, path);
}

/**
 * Puts text between the lines `<!-- NAME -->` and `<!-- /NAME -->` of a file, and changes nothing else.
 *
 * @throws {Error} If the file has no such marks.
 */
export async function writeBetweenMarks(path: string, name: string, text: string): Promise<void> {
  const [from, to] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const before = await Deno.readTextFile(path);
  const start = before.indexOf(`${from}\n`), end = before.indexOf(to, start);
  if (start < 0 || end < 0) {
    throw new Error(
      `Cannot write the figures: ${path} has no place for them. Put the lines ${from} and ${to} ` +
        "where they shall stand",
    );
  }
  const head = before.slice(0, start) + from;
  await writeWhole(path, `${head}\n\n${text}\n\n${before.slice(end)}`);
}
