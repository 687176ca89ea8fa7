/** Text and tables as HTML. @module */

import type { TextTable } from "../tables.ts";

/** Escapes text for HTML. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** A table that scrolls on its own in narrow windows, and its notes. */
export function htmlTable({ head, rows, words = [], best, notes }: TextTable): string {
  const kind = (column: number) => words.includes(column) ? "words" : "";
  const titles = head.map((title, x) => cell("th", title, kind(x), "col"));
  const lines = rows.map((row, y) =>
    row.map((text, x) =>
      x === 0
        ? cell("th", text, "", "row")
        : cell("td", text, `${kind(x)} ${best?.[y][x] ? "best" : ""}`)
    ).join("")
  );
  return `<div class="wide" tabindex="0" role="region" aria-label="${escaped(head[0])}"><table>
<thead><tr>${titles.join("")}</tr></thead>
<tbody>${lines.map((line) => `<tr>${line}</tr>`).join("\n")}</tbody></table></div>
${notes.map((note) => `<p class="note">${escaped(note)}</p>`).join("\n")}`;
}

function cell(tag: "th" | "td", text: string, kind: string, scope?: "col" | "row"): string {
  const named = kind.trim() ? ` class="${kind.trim()}"` : "";
  return `<${tag}${scope ? ` scope="${scope}"` : ""}${named}>${escaped(text)}</${tag}>`;
}
