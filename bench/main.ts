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
import { speedOf } from "./summary.ts";
import { comparisonTable, conventions, setTable, table, type TextTable } from "./tables.ts";
import { openTask, setsBelow } from "./tasks.ts";

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
  console.log(`Results: ${settings.out}\nReport: ${report}`);
  return record.failures.length > 0 ? 1 : 0;
}

/** Opens all that can be opened; the others become failures. Idle ones give their memory back. */
async function openMethods(settings: Settings, record: BenchRecord, signal: AbortSignal) {
  const list: Method[] = [];
  const candidates = await candidatesOf(settings, signal);
  checkPairs(settings, [...candidates, ...record.methods].map(({ name }) => name));
  for (const candidate of candidates) {
    try {
      list.push(await candidate.open());
    } catch (error) {
      signal.throwIfAborted();
      console.error(`${candidate.name}: ${oneLine(error)}`);
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

/** Refuses to compare what is not measured, before hours are spent. */
function checkPairs({ vs }: Settings, names: readonly string[]): void {
  for (const name of vs.flat()) {
    if (names.includes(name)) continue;
    const known = [...new Set(names)].join(", ");
    throw new RangeError(`Cannot compare "${name}" (--vs): the methods of this run are ${known}`);
  }
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
  checkKeys(tasks);
  for (const { name, scale } of methods) {
    if (scale === undefined || tasks.some(({ set }) => set.scale === scale)) continue;
    record.notes.push(`${name}: not measured, since it enlarges x${scale} alone`);
  }
  const isOpened = (key: string) => tasks.some(({ set }) => set.key === key);
  record.sets = [
    ...tasks.map(({ set }) => set),
    ...record.sets.filter(({ key }) => !isOpened(key)),
  ];
  return tasks;
}

/** Two folders of the same name would overwrite each other's figures. */
function checkKeys(tasks: readonly Task[]): void {
  const keys = tasks.map(({ set }) => set.key);
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice === undefined) return;
  throw new Error(
    `Cannot measure two sets of the name "${twice}": rename one of the folders, or measure them in ` +
      `two runs with another --out`,
  );
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
  const stop = new AbortController();
  Deno.addSignalListener("SIGINT", () => {
    if (stop.signal.aborted) Deno.exit(130); // asked twice: what is written is whole
    console.error("Stopping after this picture; press Ctrl-C again to stop at once");
    stop.abort();
  });
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
