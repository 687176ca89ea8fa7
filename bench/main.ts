/**
 * Measures what entries of the zoo are worth, beside baselines and peers.
 *
 * Run it as `deno task bench --quick`; `--help` tells the rest, bench/README.md what the figures mean.
 *
 * @module
 */

import { dirname } from "node:path";
import { wholeFigures } from "./features.ts";
import { thisMachine } from "./machine.ts";
import { candidatesOf } from "./methods/mod.ts";
import type { Method } from "./methods/method.ts";
import { protocolOf } from "./protocols.ts";
import { cropsOf, measureQuality } from "./quality.ts";
import { type BenchRecord, openRecord, saveRecord } from "./record.ts";
import { writeReport } from "./report/report.ts";
import { oneLine, type Task } from "./runner.ts";
import { readSettings, type Settings } from "./settings.ts";
import { measureSpeeds } from "./speed/all.ts";
import { speedTable } from "./speed/table.ts";
import { comparisonTable, conventions, setTable, table } from "./tables.ts";
import { openTask, setsBelow } from "./tasks.ts";

async function main(settings: Settings, signal: AbortSignal): Promise<number> {
  await Deno.mkdir(dirname(settings.out), { recursive: true });
  if (settings.fresh) await Deno.remove(settings.out).catch(() => {});
  const command = `deno task bench ${Deno.args.join(" ")}`.trim();
  const record = await openRecord(settings.out, await thisMachine(), command);
  await using methods = await openMethods(settings, record, signal);
  const tasks = await openTasks(settings, methods.list, record);
  if (settings.quality) await measureQuality(settings, record, methods.list, tasks, signal);
  record.whole = await wholeFigures(record, cropsOf(settings));
  if (settings.speed) await measureSpeeds(settings, record, methods.list, signal);
  await saveRecord(settings.out, record);
  print(record, settings);
  const report = settings.out.replace(/\.json$/, ".html");
  await writeReport(report, record, { crops: cropsOf(settings), vs: settings.vs });
  console.log(`Results: ${settings.out}\nReport: ${report}`);
  return record.failures.length > 0 ? 1 : 0;
}

/** Opens all that can be opened; the others become failures. Idle ones give their memory back. */
async function openMethods(settings: Settings, record: BenchRecord, signal: AbortSignal) {
  const list: Method[] = [];
  for (const candidate of await candidatesOf(settings, signal)) {
    try {
      list.push(await candidate.open());
    } catch (error) {
      signal.throwIfAborted();
      record.failures.push({ method: candidate.name, reason: oneLine(error) });
    }
  }
  const known = list.map(({ name, scale, generative, digest, facts }) => {
    return { name, scale, generative, digest, facts };
  });
  const isKnown = (name: string) => known.some((method) => method.name === name);
  record.methods = [...known, ...record.methods.filter(({ name }) => !isKnown(name))];
  return {
    list,
    async [Symbol.asyncDispose]() {
      for (const method of list) await method[Symbol.asyncDispose]();
    },
  };
}

/** Opens the sets at every scale that a method asks for. */
async function openTasks(
  settings: Settings,
  methods: readonly Method[],
  record: BenchRecord,
): Promise<Task[]> {
  const protocol = protocolOf(settings.protocol);
  const own = methods.map((method) => method.scale).filter((scale) => scale !== undefined);
  const scales = settings.scale ??
    (protocol.scale ? [protocol.scale] : [...new Set(own)].sort((a, b) => a - b));
  const tasks: Task[] = [];
  for (const scale of scales.length > 0 ? scales : [4]) {
    for (const name of settings.set ?? await setsBelow(settings.data)) {
      tasks.push(await openTask(settings.data, name, scale, protocol, settings.images));
    }
  }
  if (tasks.length === 0) {
    throw new Error(
      `Cannot find a set below ${settings.data}: give --data, or --set with a folder of pictures`,
    );
  }
  const isOpened = (key: string) => tasks.some(({ set }) => set.key === key);
  record.sets = [
    ...tasks.map(({ set }) => set),
    ...record.sets.filter(({ key }) => !isOpened(key)),
  ];
  return tasks;
}

function print(record: BenchRecord, settings: Settings): void {
  for (const { key } of record.sets) {
    if (record.rows.some((row) => row.set === key)) console.log(`${setTable(record, key)}\n`);
    for (const pair of settings.vs) console.log(`${comparisonTable(record, key, pair)}\n`);
  }
  if (record.speed.length > 0) {
    const { head, rows, notes } = speedTable(record.speed);
    console.log(`${table(head, rows)}\n${notes.join("\n")}\n`);
  }
  console.log(conventions(record));
  for (const note of record.notes) console.log(note);
  for (const { method, set, image, reason } of record.failures) {
    console.log(`FAILED ${[method, set, image].filter(Boolean).join(" ")}: ${reason}`);
  }
}

if (import.meta.main) {
  const settings = readSettings(Deno.args);
  const stop = new AbortController();
  Deno.addSignalListener("SIGINT", () => stop.abort());
  try {
    Deno.exit(await main(settings, stop.signal));
  } catch (error) {
    if (stop.signal.aborted) {
      console.error(
        `Interrupted; the same command goes on from here. Results so far: ${settings.out}`,
      );
      Deno.exit(130);
    }
    console.error(oneLine(error));
    Deno.exit(1);
  }
}
