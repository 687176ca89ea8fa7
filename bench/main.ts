/**
 * Measures entries of the zoo, next to baselines and peers.
 *
 * Run it as `deno task bench --quick`; `--help` lists the options, bench/README.md explains the figures.
 *
 * @module
 */

import { dirname } from "node:path";
import { writeContactSheets } from "./contact.ts";
import { wholeFigures } from "./features.ts";
import { runInterruptible } from "./interruptible.ts";
import { thisMachine } from "./machine.ts";
import { openMethods } from "./methods/mod.ts";
import { cropsOf, measureQuality } from "./quality.ts";
import { type BenchRecord, openRecord, saveRecord } from "./record.ts";
import { writeReport } from "./report/report.ts";
import { readSettings, type Settings } from "./settings.ts";
import { measureSpeeds } from "./speed/all.ts";
import { speedTable } from "./speed/table.ts";
import { speedOf } from "./summary.ts";
import { comparisonTable, conventions, setTable, table, type TextTable } from "./tables.ts";
import { openTasks } from "./tasks.ts";

async function main(settings: Settings, signal: AbortSignal): Promise<number> {
  await Deno.mkdir(dirname(settings.out), { recursive: true });
  if (settings.fresh) await Deno.remove(settings.out).catch(() => {});
  const command = `deno task bench ${Deno.args.join(" ")}`.trim();
  const record = await openRecord(settings.out, await thisMachine(), command);
  if (settings.vs.length > 0) record.vs = settings.vs;
  await using methods = await openMethods(settings, record, signal);
  const tasks = await openTasks(settings, methods.list, record);
  if (settings.quality) await measureQuality(settings, record, methods.list, tasks, signal);
  record.whole = await wholeFigures(record, cropsOf(settings));
  if (settings.speed) await measureSpeeds(settings, record, methods.list, signal);
  await saveRecord(settings.out, record);
  print(record);
  const report = settings.out.replace(/\.json$/, ".html");
  await writeReport(report, record, cropsOf(settings));
  for (
    const { path, columns } of await writeContactSheets(settings.out, record, cropsOf(settings))
  ) {
    console.log(`Contact sheet: ${path}\nIts columns: ${columns.join(", ")}`);
  }
  console.log(`Results: ${settings.out}\nReport: ${report}`);
  return record.failures.length > 0 ? 1 : 0;
}

function print(record: BenchRecord): void {
  const say = ({ head, rows, notes }: TextTable) =>
    console.log([table(head, rows), ...notes, ""].join("\n"));
  for (const { key } of record.sets) {
    const found = setTable(record, key);
    if (found.rows.length > 0) say(found);
    for (const pair of record.vs ?? []) {
      const compared = comparisonTable(record, key, pair);
      if (compared.rows.length > 0) say(compared);
    }
  }
  const speed = speedOf(record);
  if (speed.length > 0) say(speedTable(speed));
  console.log(conventions(record));
  for (const note of record.notes) console.log(note);
  for (const { method, set, image, reason } of record.failures) {
    console.log(`FAILED ${[method, set, image].filter(Boolean).join(" ")}: ${reason}`);
  }
}

if (import.meta.main) {
  const settings = readSettings(Deno.args);
  await runInterruptible(
    (signal) => main(settings, signal),
    `Interrupted; the same command continues from here. Results so far: ${settings.out}`,
  );
}
