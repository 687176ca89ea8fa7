/**
 * Puts the tables of a results file into bench/README.md, so that no figure there is typed by hand:
 * `deno run -A bench/document.ts bench/results/documented.json`.
 *
 * @module
 */

import { metrics } from "./judges.ts";
import { type BenchRecord, readRecord } from "./record.ts";
import { speedTable } from "./speed/table.ts";
import { summaries } from "./summary.ts";
import { show } from "./tables.ts";

const place = /(<!-- documented-run -->\n)[^]*?(<!-- \/documented-run -->)/;

/** All tables of a results file in Markdown. */
export function markdownOf(record: BenchRecord): string {
  const { machine, commands } = record;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    "```sh\n" + commands.join("\n") + "\n```",
    `${machine.date} UTC; ${machine.system}, ${machine.cpu}, ${machine.cores} cores, ` +
    `${machine.memory} GiB; ${versions.join(", ")}.`,
    ...record.sets.map(({ key, images, digest }) =>
      `**${key}**, ${images} pictures, digest \`${digest.slice(0, 16)}\`\n\n${
        setMarkdown(record, key)
      }`
    ),
  ];
  if (record.speed.length > 0) {
    const { head, rows, notes } = speedTable(record.speed);
    parts.push(`**Speed and memory**\n\n${markdownTable(head, rows)}\n\n${notes.join("\n")}`);
  }
  return parts.join("\n\n");
}

function setMarkdown(record: BenchRecord, key: string): string {
  const found = summaries(record, key);
  const shown = metrics.filter((metric) =>
    metric.key !== "seconds" && found.some(({ figures }) => metric.key in figures)
  );
  const rows = found.map(({ method, seeds, figures }) => [
    method,
    ...shown.map(({ key, digits }) => show(figures[key], digits)),
    String(seeds),
  ]);
  return markdownTable(["method", ...shown.map(({ title }) => title), "seeds"], rows);
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, i) => i === 0 ? "---" : "---:");
  return [head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

if (import.meta.main) {
  const readme = new URL("README.md", import.meta.url);
  const markdown = markdownOf(await readRecord(Deno.args[0]));
  const text = await Deno.readTextFile(readme);
  if (!place.test(text)) {
    throw new Error("Cannot write the tables: bench/README.md has no place for them");
  }
  await Deno.writeTextFile(
    readme,
    text.replace(place, (_, from, to) => `${from}\n${markdown}\n\n${to}`),
  );
}
