/** The report: one HTML file that needs nothing else. @module */

import { writeWhole } from "../files.ts";
import { describeMachine } from "../machine.ts";
import type { BenchRecord } from "../record.ts";
import { speedTable } from "../speed/table.ts";
import { speedOf } from "../summary.ts";
import { comparisonTable, methodTable, setTable, usedMetrics } from "../tables.ts";
import { cropRows, viewerStart } from "./crops.ts";
import { escaped, htmlTable } from "./html.ts";
import { plotsOf } from "./plots.ts";

/** Writes the report of a results file, with the crops of a folder. */
export async function writeReport(path: string, record: BenchRecord, crops: string): Promise<void> {
  const asset = (name: string) => Deno.readTextFile(new URL(name, import.meta.url));
  const rows = await cropRows(record, crops);
  const body = [
    head(record),
    `<h2 id="methods">Methods</h2>`,
    htmlTable(methodTable(record)),
    qualityHead,
    ...record.sets.map(({ key }) => setSection(record, key)),
    speedSection(record),
    await plotSection(record),
    conventionList(record),
    viewer(rows.length),
  ].join("\n");
  // "<" could end the script element early.
  const data = JSON.stringify({ rows, start: viewerStart(record) }).replaceAll("<", "\\u003c");
  await writeWhole(
    path,
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
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
  const lines = notes.map((note) => `<p class="note">${escaped(note)}</p>`);
  for (const { method, set, image, reason } of failures) {
    const where = [method, set, image].filter(Boolean).join(" ");
    lines.push(`<p class="failure">Failed: ${escaped(where)}: ${escaped(reason)}</p>`);
  }
  const links = [
    ["methods", "methods"],
    ["quality", "quality"],
    ["speed", "speed and memory"],
    ["plots", "plots"],
    ["conventions", "how it was measured"],
    ["images", "images"],
  ];
  return `<h1>srzoo bench</h1>
<nav>${links.map(([id, text]) => `<a href="#${id}">${text}</a>`).join(" ")}</nav>
<p>${escaped(`${machine.date} UTC; ${describeMachine(machine)}.`)}</p>
<p>${commands.map((command) => `<code>${escaped(command)}</code>`).join("<br>")}</p>
${lines.join("\n")}`;
}

const qualityHead = `<h2 id="quality">Quality</h2>
<p>± is the half width of the 95 % interval of the set's mean over the seeds: how much another draw of
the noise would change it. It does not say how the method does on other images; the comparisons do. The best mean of each
column is bold.</p>`;

function setSection(record: BenchRecord, key: string): string {
  const found = setTable(record, key);
  if (found.rows.length === 0) return "";
  const { protocol, images, digest } = record.sets.find((set) => set.key === key)!;
  const compared = (record.vs ?? []).map((pair) => comparisonTable(record, key, pair))
    .filter(({ rows }) => rows.length > 0);
  return `<h3>${escaped(key)}</h3>
<p>${images} images; ${escaped(protocol)}. Digest <code>${digest.slice(0, 16)}</code>.</p>
${[found, ...compared].map(htmlTable).join("\n")}`;
}

function speedSection(record: BenchRecord): string {
  const speed = speedOf(record);
  const title = `<h2 id="speed">Speed and memory</h2>`;
  return speed.length === 0
    ? `${title}\n<p>Not measured.</p>`
    : title + htmlTable(speedTable(speed));
}

async function plotSection(record: BenchRecord): Promise<string> {
  const figures = (await plotsOf(record)).map(({ caption, svg }) =>
    `<figure><figcaption>${escaped(caption)}</figcaption>${svg}</figure>`
  );
  return `<h2 id="plots">Plots</h2>
<div class="plots">${figures.join("\n") || "<p>There are no figures to draw.</p>"}</div>`;
}

function conventionList(record: BenchRecord): string {
  const items = usedMetrics(record).map(({ title, convention }) =>
    `<dt>${escaped(title)}</dt><dd>${escaped(convention)}</dd>`
  );
  return `<h2 id="conventions">How it was measured</h2><dl>${items.join("\n")}</dl>`;
}

function viewer(images: number): string {
  return `<h2 id="images">Images</h2>
<p>${images} images, each shown as the 128x128 pixels where bicubic fails most, a choice that depends on no
other method; seed 0, JPEG of quality 95. The figures under a crop are those of the whole image, over
all seeds. Point at a crop, or hold it or the space bar, to see the one that "compare with" names; the arrow
keys go from crop to crop.</p>
<div class="controls">
<label>set <select id="set"></select></label>
<label>order <select id="order"></select></label>
<label>compare with <select id="held"></select></label>
<label>size <select id="size"><option value="1">128</option><option value="2" selected>256</option><option value="3">384</option></select></label>
</div>
<div id="list"></div>
<button id="more"></button>`;
}
