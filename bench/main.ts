/**
 * Measures what entries of the zoo are worth, beside baselines and peers.
 *
 * Run it as `deno task bench --quick`; `--help` tells the rest, bench/README.md what the figures mean.
 *
 * @module
 */

import { dirname } from "node:path";
import { openObserver, wholeFigures } from "./features.ts";
import { openGallery } from "./gallery.ts";
import { openJudges } from "./graphs.ts";
import { thisMachine } from "./machine.ts";
import { candidatesOf } from "./methods/mod.ts";
import type { Method } from "./methods/method.ts";
import { startProgress } from "./progress.ts";
import { protocolOf } from "./protocols.ts";
import { type BenchRecord, openRecord, putRow, saveRecord } from "./record.ts";
import { oneLine, runMethod, type Task } from "./runner.ts";
import { writeReport } from "./report/report.ts";
import { readSettings, type Settings } from "./settings.ts";
import { speedJobs } from "./speed/jobs.ts";
import { putSpeed } from "./speed/row.ts";
import { speedTable } from "./speed/table.ts";
import { comparisonTable, conventions, setTable, table } from "./tables.ts";
import { knownSets, openTask } from "./tasks.ts";

/** Results are written at least this often, in milliseconds. */
const SAVE_EVERY = 2000;

const NO_FID = "FID and IS: no columns, since no feature graph was given. " +
  'Run "deno task inception", then give --inception FILE';

function cropsOf({ out }: Settings): string {
  return out.replace(/\.json$/, ".crops");
}

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
  const scales = settings.scale ?? (protocol.scale ? [protocol.scale] : [...new Set(own)].sort());
  const tasks: Task[] = [];
  for (const scale of scales.length > 0 ? scales : [4]) {
    for (const name of settings.set ?? knownSets) {
      try {
        tasks.push(await openTask(settings.data, name, scale, protocol, settings.images));
      } catch (error) {
        if (settings.set) throw error;
      }
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

async function measureQuality(
  settings: Settings,
  record: BenchRecord,
  methods: readonly Method[],
  tasks: readonly Task[],
  signal: AbortSignal,
): Promise<void> {
  const { judges, notes } = await openJudges(settings.lpips, settings.threads);
  record.notes.push(...notes);
  await using observer = settings.inception
    ? await openObserver(settings.inception, cropsOf(settings))
    : undefined;
  if (!observer) record.notes.push(NO_FID);
  const counts = methods.map(({ scale }) =>
    tasks.filter(({ set }) => scale === undefined || scale === set.scale)
      .reduce((sum, { set }) => sum + set.images, 0)
  );
  const progress = startProgress(counts.reduce((sum, n) => sum + n, 0), settings.quiet);
  let saved = performance.now();
  try {
    for (const method of methods) {
      await runMethod(method, tasks, record, {
        seeds: settings.seeds,
        judges,
        gallery: openGallery(cropsOf(settings)),
        observe: observer?.observe,
        observed: observer?.observed,
        signal,
        events: {
          picture: (name, set, image, kept) => progress.step(`${name} ${set} ${image}`, kept),
          failed(name, reason, set, image) {
            progress.say(`${name} failed on ${image} of ${set}: ${reason}`);
            record.failures.push({ method: name, set, image, reason });
          },
        },
        async finish(row) {
          putRow(record, row);
          if (performance.now() - saved < SAVE_EVERY) return;
          await saveRecord(settings.out, record);
          saved = performance.now();
        },
      });
    }
  } finally {
    progress.end();
    await saveRecord(settings.out, record);
    for (const judge of Object.values(judges)) await judge?.[Symbol.asyncDispose]();
  }
}

/** Times one method after the other: two at once would disturb each other. */
async function measureSpeeds(
  settings: Settings,
  record: BenchRecord,
  methods: readonly Method[],
  signal: AbortSignal,
): Promise<void> {
  const jobs = speedJobs(methods, settings);
  const progress = startProgress(jobs.length, settings.quiet);
  try {
    for (const { label, method, run } of jobs) {
      try {
        record.speed = putSpeed(record.speed, await run(signal));
        await saveRecord(settings.out, record);
      } catch (error) {
        signal.throwIfAborted();
        progress.say(`${label}: ${oneLine(error)}`);
        record.failures.push({ method, reason: oneLine(error) });
      }
      progress.step(label);
    }
  } finally {
    progress.end();
  }
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
