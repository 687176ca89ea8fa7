/** The report: one HTML file that needs nothing else. @module */

import { writeWhole } from "../files.ts";
import { metrics } from "../judges.ts";
import type { BenchRecord } from "../record.ts";
import { speedTable } from "../speed/table.ts";
import { compare, summaries, type Summary } from "../summary.ts";
import { show } from "../tables.ts";
import { cropRows } from "./crops.ts";
import { plotsOf } from "./plots.ts";

/** What a report is made of, besides the results. */
export interface ReportOptions {
  /** Folder with the crops. */
  readonly crops: string;
  /** Pairs of methods to compare. */
  readonly vs: readonly (readonly [string, string])[];
}

/** Writes the report of a results file. */
export async function writeReport(
  path: string,
  record: BenchRecord,
  { crops, vs }: ReportOptions,
): Promise<void> {
  const asset = (name: string) => Deno.readTextFile(new URL(name, import.meta.url));
  const rows = await cropRows(record, crops);
  const body = [
    head(record),
    ...record.sets.map(({ key }) => setSection(record, key)),
    ...vs.flatMap((pair) => record.sets.map(({ key }) => comparison(record, key, pair))),
    speedSection(record),
    `<h2>Plots</h2><div class="plots">`,
    ...(await plotsOf(record)).map(({ caption, svg }) =>
      `<figure>${svg}<figcaption>${escaped(caption)}</figcaption></figure>`
    ),
    `</div>`,
    conventionList(),
    viewer(rows.length),
  ].join("\n");
  // "<" could end the script element early.
  const data = JSON.stringify(rows).replaceAll("<", "\\u003c");
  await writeWhole(
    path,
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>srzoo bench ${escaped(record.machine.date)}</title>
<style>${await asset("style.css")}</style>
<body>
${body}
<script type="application/json" id="crops">${data}</script>
<script>${await asset("viewer.js")}</script>
</body>
</html>
`,
  );
}

function head({ machine, commands, notes, failures }: BenchRecord): string {
  const { date, system, cpu, cores, memory, versions } = machine;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  const lines = [...notes.map((note) => `<p>${escaped(note)}</p>`)];
  for (const { method, set, image, reason } of failures) {
    const where = [method, set, image].filter(Boolean).join(" ");
    lines.push(`<p class="failure">Failed: ${escaped(where)}: ${escaped(reason)}</p>`);
  }
  return `<h1>srzoo bench</h1>
<p>${escaped(`${date} UTC. ${system}, ${cpu}, ${cores} cores, ${memory} GiB. ${names}.`)}</p>
<p>${commands.map((command) => `<code>${escaped(command)}</code>`).join("<br>")}</p>
${lines.join("\n")}`;
}

function setSection(record: BenchRecord, key: string): string {
  const found = summaries(record, key);
  if (found.length === 0) return "";
  const { protocol, images, digest } = record.sets.find((set) => set.key === key)!;
  const shown = metrics.filter(({ key }) => found.some(({ figures }) => key in figures));
  const whole = record.whole.filter(({ set }) => set === key);
  const extra = [...new Set(whole.flatMap(({ figures }) => Object.keys(figures)))];
  const rows = found.map((summary) => [
    cell(summary.method),
    ...shown.map((metric) =>
      cell(show(summary.figures[metric.key], metric.digits), isBest(metric, summary, found))
    ),
    ...extra.map((name) =>
      cell(whole.find((w) => w.method === summary.method)?.figures[name]?.toFixed(2) ?? "")
    ),
    cell(`${summary.images}x${summary.seeds}`),
  ]);
  const titles = ["method", ...shown.map(({ title }) => title), ...extra, "n"];
  return `<h2>${escaped(key)}</h2>
<p>${images} pictures; ${escaped(protocol)}. Digest <code>${digest.slice(0, 16)}</code>.
± is the 95 % interval of the set's mean over the seeds.</p>
${htmlTable(titles, rows)}`;
}

function isBest(
  { key, better }: (typeof metrics)[number],
  summary: Summary,
  all: readonly Summary[],
): boolean {
  if (!better || !summary.figures[key]) return false;
  const values = all.map(({ figures }) => figures[key]?.mean).filter((value) =>
    value !== undefined
  );
  return summary.figures[key].mean === (better === "larger" ? Math.max : Math.min)(...values);
}

function comparison(record: BenchRecord, key: string, pair: readonly [string, string]): string {
  const compared = compare(record, key, pair);
  if (compared.length === 0) return "";
  const rows = compared.map(({ metric, comparison: { mean, half, larger, smaller, n } }) => [
    cell(metric.title),
    cell((mean > 0 ? "+" : "") + show({ mean, half, n }, metric.digits)),
    cell(String(metric.better === "larger" ? larger : smaller)),
    cell(String(metric.better === "larger" ? smaller : larger)),
  ]);
  const [a, b] = pair;
  return `<h2>${escaped(`${key}: ${a} minus ${b}`)}</h2>
<p>Differences image by image, with the 95 % interval over the images.</p>
${htmlTable(["metric", "difference", `${a} better`, `${b} better`], rows)}`;
}

function speedSection(record: BenchRecord): string {
  if (record.speed.length === 0) return "";
  const { head, rows, notes } = speedTable(record.speed);
  return `<h2>Speed and memory</h2>
<p>${notes.map(escaped).join("<br>")}</p>
${htmlTable(head, rows.map((row) => row.map((text) => cell(text))))}`;
}

function conventionList(): string {
  const items = metrics.map(({ title, convention }) =>
    `<dt>${escaped(title)}</dt><dd>${escaped(convention)}</dd>`
  );
  return `<h2>How it was measured</h2><dl>${items.join("\n")}</dl>`;
}

function viewer(pictures: number): string {
  return `<h2>Pictures</h2>
<p>${pictures} pictures, the part of each where bicubic fails most. Point at a crop to see the truth in its place.</p>
<div class="controls"><select id="set" aria-label="set"></select>
<select id="order" aria-label="order"></select></div>
<div id="list"></div>
<button id="more"></button>`;
}

function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = head.map((title) => `<th>${escaped(title)}</th>`).join("");
  const lines = rows.map((row) => `<tr>${row.join("")}</tr>`).join("\n");
  return `<div class="wide"><table><thead><tr>${titles}</tr></thead>
<tbody>${lines}</tbody></table></div>`;
}

function cell(text: string, best = false): string {
  return `<td${best ? ' class="best"' : ""}>${escaped(text)}</td>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
