/** Text and tables as HTML. @module */

import type { TextTable } from "../tables.ts";

/** Text that means itself in HTML. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** A table that scrolls by itself where the window is narrow, and its notes. */
export function htmlTable({ head, rows, best, notes }: TextTable): string {
  const titles = head.map((title) => `<th scope="col">${escaped(title)}</th>`).join("");
  const lines = rows.map((row, y) =>
    `<tr>${row.map((text, x) => cell(text, x, best?.[y][x])).join("")}</tr>`
  );
  const said = notes.map((note) => `<p class="note">${escaped(note)}</p>`);
  return `<div class="wide" tabindex="0" role="region" aria-label="${escaped(head[0])}"><table>
<thead><tr>${titles}</tr></thead>
<tbody>${lines.join("\n")}</tbody></table></div>
${said.join("\n")}`;
}

function cell(text: string, column: number, best = false): string {
  if (column === 0) return `<th scope="row">${escaped(text)}</th>`;
  return `<td${best ? ' class="best"' : ""}>${escaped(text)}</td>`;
}
