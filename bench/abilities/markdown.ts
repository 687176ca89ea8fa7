/** Findings as Markdown. @module */

import type { Finding } from "./part.ts";

/** A finding: title, how it was measured, table, promises. */
export function markdownOf({ title, how, head, rows, promises }: Finding, set: string): string {
  const table = [head, head.map(() => "-"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  const list = promises.map(({ text, kept }) =>
    `- ${kept ? "Holds" : "**Does not hold**"}: ${text}`
  );
  return [`**${title}** (${set}). ${how}`, table.join("\n"), list.join("\n")]
    .filter(Boolean).join("\n\n");
}
