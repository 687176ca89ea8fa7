/** Places in documents that a command fills: between `<!-- NAME -->` and `<!-- /NAME -->`. @module */

import { writeWhole } from "./files.ts";

/** Whether a file has a place of that name. */
export async function hasMarks(path: string, name: string): Promise<boolean> {
  return (await Deno.readTextFile(path)).includes(`<!-- ${name} -->\n`);
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
        "where they belong",
    );
  }
  const head = before.slice(0, start) + from;
  await writeWhole(path, `${head}\n\n${text}\n\n${before.slice(end)}`);
}
