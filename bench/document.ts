/**
 * Puts the tables of a results file into bench/README.md, so that no figure there is written by hand:
 * `deno run -A bench/document.ts bench/results/documented.json`.
 *
 * @module
 */

import { writeBetweenMarks } from "./marks.ts";
import { metrics } from "./metrics.ts";
import { describeMachine } from "./machine.ts";
import { type BenchRecord, readRecord } from "./record.ts";
import { oneLine } from "./runner.ts";
import { speedTable } from "./speed/table.ts";
import { compare, speedOf, summaries } from "./summary.ts";
import { methodTable, setTable, signed, type TextTable } from "./tables.ts";

/** All tables of a results file in Markdown. */
export function markdownOf(record: BenchRecord): string {
  const measured = record.sets.filter(({ key }) => summaries(record, key).length > 0);
  const speed = speedOf(record);
  return [
    `Filled by these commands, the last on ${record.machine.date} UTC (${
      describeMachine(record.machine)
    }):`,
    "```sh\n" + record.commands.join("\n") + "\n```",
    "### Methods",
    markdownTable(methodTable(record)),
    "### Quality",
    "± is the half width of the 95 % interval over the seeds; the best mean of each column is bold.",
    ...measured.map(({ key, images, digest }) =>
      `**${key}**: ${images} images, digest \`${digest.slice(0, 16)}\`\n\n` +
      markdownTable(setTable(record, key))
    ),
    ...comparisons(record, measured.map(({ key }) => key)),
    ...speed.length > 0 ? ["### Speed and memory", markdownTable(speedTable(speed))] : [],
    ...record.failures.map(({ method, set, image, reason }) =>
      `Failed: ${[method, set, image].filter(Boolean).join(" ")}: ${reason}`
    ),
  ].join("\n\n");
}

/** Every pair of methods on all sets. */
function comparisons(record: BenchRecord, sets: readonly string[]): string[] {
  if (!record.vs?.length) return [];
  return [
    "### Comparisons",
    "Differences image by image (how many in brackets), with the 95 % interval over the images, bold " +
    "where it excludes 0; then the numbers of images on which the first and the second method is better.",
    ...record.vs.map((pair) => pairMarkdown(record, sets, pair)),
  ];
}

/** One pair of methods on the sets that both were measured on: metrics down, sets across. */
function pairMarkdown(
  record: BenchRecord,
  sets: readonly string[],
  [a, b]: readonly [string, string],
): string {
  const compared = sets.map((set) => ({ set, found: compare(record, set, [a, b]) }))
    .filter(({ found }) => found.length > 0);
  if (compared.length === 0) return `**${a} - ${b}**: no image was measured by both.`;
  const shown = metrics.filter((metric) =>
    compared.some(({ found }) => found.some((entry) => entry.metric === metric))
  );
  const rows = shown.map((metric) => [
    metric.title,
    ...compared.map(({ found }) => {
      const comparison = found.find((entry) => entry.metric === metric)?.comparison;
      if (!comparison) return "";
      const { mean, half, larger, smaller } = comparison;
      const [wins, losses] = metric.better === "larger" ? [larger, smaller] : [smaller, larger];
      const difference = signed(comparison, metric.digits);
      const isShown = Math.abs(mean) > half;
      return `${isShown ? `**${difference}**` : difference}, ${wins} : ${losses}`;
    }),
  ]);
  const head = compared.map(({ set, found }) => `${set} (${found[0].comparison.n})`);
  return markdownTable({ head: [`${a} - ${b}`, ...head], rows, notes: [] });
}

function markdownTable({ head, rows, words = [], best, notes }: TextTable): string {
  const rule = head.map((_, i) => i === 0 || words.includes(i) ? "---" : "---:");
  const cells = rows.map((row, y) => row.map((text, x) => best?.[y][x] ? `**${text}**` : text));
  const lines = [head, rule, ...cells].map((row) => `| ${row.join(" | ")} |`);
  return [lines.join("\n"), ...notes].join("\n\n");
}

/** Writes the tables into bench/README.md. */
async function writeTables(file: string): Promise<void> {
  const readme = new URL("README.md", import.meta.url).pathname;
  await writeBetweenMarks(readme, "documented-run", markdownOf(await readRecord(file)));
}

if (import.meta.main) {
  const [file] = Deno.args;
  try {
    if (!file) {
      throw new Error(
        "Cannot fill bench/README.md without a results file: deno run -A bench/document.ts FILE.json",
      );
    }
    await writeTables(file);
  } catch (error) {
    console.error(oneLine(error));
    Deno.exit(1);
  }
}
