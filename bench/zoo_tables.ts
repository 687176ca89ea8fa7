/** The tables of figures in the READMEs of the zoo's entries. @module */

import type { ModelCard } from "../mod.ts";
import { exists } from "./files.ts";
import { metrics } from "./metrics.ts";
import { hasMarks, writeBetweenMarks } from "./marks.ts";

/** The tables of the papers: fidelity to the truth and to the input, then perception. */
const TABLES: readonly (readonly [title: string, keys: readonly string[]])[] = [
  ["Fidelity and consistency", ["psnrY", "ssimY", "psnrRgb", "lrPsnr", "colorError"]],
  ["Perception and diversity", [
    "lpips",
    "lpipsSqueeze",
    "diversity",
    "gainOfMean",
    "errorCorrelation",
  ]],
];

const MARKS = "figures";

/** Writes the tables into the README of every entry that has a place for them. */
export async function writeCardTables(cards: readonly ModelCard[]): Promise<void> {
  for (const card of cards) {
    const readme = new URL("README.md", card.base!).pathname;
    if (!card.figures || !await exists(readme) || !await hasMarks(readme, MARKS)) continue;
    const beside = cards.filter(({ scale }) => scale === card.scale);
    await writeBetweenMarks(readme, MARKS, cardTables(card, beside));
  }
}

/** Two tables for every set of an entry, with the entries `beside` it that have figures on the set. */
export function cardTables(card: ModelCard, beside: readonly ModelCard[]): string {
  const parts: string[] = [];
  for (const set of Object.keys(card.figures ?? {})) {
    const shown = beside.filter(({ figures }) => figures?.[set]);
    for (const [title, keys] of TABLES) {
      parts.push(`**${title}**, ${set} (${countOf(card, set)})`, tableOf(card, shown, set, keys));
    }
  }
  return parts.join("\n\n");
}

/** Such as "100 images, 5 seeds". */
function countOf({ figures = {} }: ModelCard, set: string): string {
  const { images, seeds } = figures[set];
  return `${images} images, ${seeds} ${seeds === 1 ? "seed" : "seeds"}`;
}

function tableOf(
  card: ModelCard,
  shown: readonly ModelCard[],
  set: string,
  keys: readonly string[],
): string {
  const columns = metrics.filter(({ key }) =>
    keys.includes(key) && shown.some(({ figures }) => figures?.[set][key] !== undefined)
  );
  const rows = shown.map(({ id, figures }) => [
    id === card.id ? `**${id}**` : id,
    ...columns.map(({ key, digits }) => {
      const { [key]: value, [`${key}Half`]: half } = figures![set];
      if (value === undefined) return "";
      return value.toFixed(digits) + (half === undefined ? "" : ` ±${half.toFixed(digits)}`);
    }),
  ]);
  const head = ["entry", ...columns.map(({ title }) => title)];
  return [head, head.map(() => "-"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
