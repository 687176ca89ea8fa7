/** Tables of text. @module */

import Table from "cli-table3";

/** Rows with aligned columns and no lines between them. */
export function table(rows: readonly (readonly string[])[]): string {
  const nothing = { top: "", bottom: "", left: "", right: "", mid: "", middle: "  " };
  const chars = {
    ...nothing,
    ...Object.fromEntries(
      ["top", "bottom", "left", "mid"].flatMap((side) =>
        ["-mid", "-left", "-right"].map((end) => [side + end, ""])
      ),
    ),
    "right-mid": "",
  };
  const grid = new Table({
    chars,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  grid.push(...rows.map((row) => [...row]));
  return grid.toString().split("\n").map((line) => line.trimEnd()).join("\n");
}
