/** Findings as Markdown, and their place in a README. @module */

import { writeWhole } from "../files.ts";
import type { Finding } from "./part.ts";

const PLACE = /(<!-- abilities -->\n)[^]*?(<!-- \/abilities -->)/;

/** A finding: title, how it was measured, table, promises. */
export function markdownOf({ title, how, head, rows, promises }: Finding, set: string): string {
  const table = [head, head.map(() => "-"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  const list = promises.map(({ text, kept }) =>
    `- ${kept ? "Holds" : "**Does not hold**"}: ${text}`
  );
  return [`**${title}** (${set}). ${how}`, table.join("\n"), list.join("\n")]
    .filter(Boolean).join("\n\n");
}

/**
 * Puts text between the marks of a file, and changes nothing else.
 *
 * @throws {Error} If the file has no such marks.
 */
export async function writeBetweenMarks(path: string, text: string): Promise<void> {
  const before = await Deno.readTextFile(path);
  if (!PLACE.test(before)) {
    throw new Error(
      `Cannot write the figures: ${path} has no place for them. Put the lines ` +
        "<!-- abilities --> and <!-- /abilities --> where they shall stand",
    );
  }
  await writeWhole(path, before.replace(PLACE, (_, from, to) => `${from}\n${text}\n\n${to}`));
}
