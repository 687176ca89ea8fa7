/** The tables of entries in the README, made from the cards. @module */

import type { ModelCard } from "../../lib/zoo/mod.ts";

/** A figure that gets a column if any card has it. */
interface Column {
  set: string;
  metric: string;
}

/** The metrics in their order, with their titles and digits. */
const METRICS: Readonly<Record<string, [label: string, digits: number]>> = {
  psnrY: ["PSNR-Y", 2],
  lpips: ["LPIPS", 3],
  lrPsnr: ["LR-PSNR", 1],
  diversity: ["diversity", 1],
};

/** The cards in Markdown: one table per scale, since figures of two scales cannot be compared. */
export function zooTable(cards: readonly ModelCard[]): string {
  const scales = [...new Set(cards.map(({ scale }) => scale))].sort((a, b) => a - b);
  const tables = scales.map((scale) => tableOf(cards.filter((card) => card.scale === scale)));
  return [...tables, ...damagedTable(cards)].join("\n\n");
}

/** LPIPS of the entries on damaged inputs, one column per set; empty if none was measured. */
function damagedTable(cards: readonly ModelCard[]): string[] {
  const sets = [...new Set(cards.flatMap(setsOf))].filter((set) => !isWhole(set));
  if (sets.length === 0) return [];
  const shown = cards.filter(({ figures = {} }) => sets.some((set) => figures[set]));
  const rows = shown.map((card) => [
    `\`${card.id}\``,
    ...sets.map((set) => figureOf(card, { set, metric: "lpips" })),
  ]);
  return [
    "LPIPS on damaged inputs: JPEG of quality 75; noise of 5/255 and the same JPEG; blur, noise of 10 and JPEG 40.",
    markdown(["entry", ...sets], rows),
  ];
}

function setsOf({ figures = {} }: ModelCard): string[] {
  return Object.keys(figures);
}

/** Whether all images of a set were measured; damaged inputs are made from its first ones. */
function isWhole(set: string): boolean {
  return !set.includes(" (first ");
}

function markdown(head: string[], rows: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function tableOf(cards: readonly ModelCard[]): string {
  const columns = columnsOf(cards);
  const labels = columns.map(({ set, metric }) => `${set} ${METRICS[metric][0]}`);
  const head = ["entry", "scale", "weights", "steps", ...labels, "terms"];
  const rows = cards.map((card) => [
    `\`${card.id}\``,
    `x${card.scale}`,
    weightsOf(card),
    stepsOf(card),
    ...columns.map((column) => figureOf(card, column)),
    termsOf(card),
  ]);
  return markdown(head, rows);
}

function columnsOf(cards: readonly ModelCard[]): Column[] {
  const sets = [...new Set(cards.flatMap(setsOf))].filter(isWhole);
  const all = sets.flatMap((set) => Object.keys(METRICS).map((metric) => ({ set, metric })));
  return all.filter(({ set, metric }) =>
    cards.some(({ figures }) => figures?.[set]?.[metric] !== undefined)
  );
}

function figureOf({ figures }: ModelCard, { set, metric }: Column): string {
  return figures?.[set]?.[metric]?.toFixed(METRICS[metric][1]) ?? "";
}

/** Parameters and bytes of all graphs. */
export function weightsOf({ graphs }: ModelCard): string {
  const all = Object.values(graphs);
  if (all.length === 0) return "none";
  const sum = (key: "parameters" | "bytes") => all.reduce((sum, graph) => sum + graph[key], 0);
  return `${(sum("parameters") / 1e6).toFixed(2)} M, ${inMegabytes(sum("bytes"))}`;
}

/** The size of a file of an entry. */
export function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function stepsOf({ steps }: ModelCard): string {
  if (!steps) return "";
  return steps.default === steps.max ? `${steps.max}` : `${steps.default} (up to ${steps.max})`;
}

/** Licence of the weights, and whether their data allow only research. */
export function termsOf({ licence }: ModelCard): string {
  const research = licence.data.some(({ researchOnly }) => researchOnly);
  return research ? `${licence.weights}, research only (data)` : licence.weights;
}
