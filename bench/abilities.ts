/**
 * Measures what a generative entry can do besides sampling one image: other numbers of steps, the fidelity dial,
 * uncertainty, interpolation between seeds, fusion. Prints Markdown tables.
 *
 * Run it as `deno task bench:abilities`; `--help` lists the options.
 *
 * @module
 */

import { dirname } from "node:path";
import { load, type Upscaler } from "../mod.ts";
import { markdownOf } from "./abilities/markdown.ts";
import { parts } from "./abilities/mod.ts";
import type { Finding } from "./abilities/part.ts";
import { readSettings, type Settings } from "./abilities/settings.ts";
import { type Mode, studyOf, type StudyOptions } from "./abilities/study.ts";
import { writeBetweenMarks } from "./marks.ts";
import { openWithLpips } from "./graphs.ts";
import { runInterruptible } from "./interruptible.ts";
import { type Machine, thisMachine } from "./machine.ts";
import { startProgress } from "./progress.ts";
import { protocolOf } from "./protocols.ts";
import { openRecord, type Row, saveRecord } from "./record.ts";
import { openTask } from "./tasks.ts";
import { writeStepsDefault } from "./zoo_figures.ts";

const root = new URL("../", import.meta.url);

/** A finding, and the key of its set. */
type Found = [finding: Finding, set: string];

async function main(settings: Settings, signal: AbortSignal): Promise<number> {
  const { lpips, threads } = settings;
  await using graphs = await openWithLpips("measure abilities", lpips, threads);
  await using upscaler = await load(settings.model, { threads, signal });
  if (!upscaler.generative) {
    throw new Error(`Cannot measure abilities of ${upscaler.card.id}: it is not generative`);
  }
  const machine = await thisMachine();
  const { metricGraphs } = graphs;
  const found = await findAll(settings, { upscaler, metricGraphs, signal }, machine);
  const text = [headOf(machine), ...found.map(([finding, set]) => markdownOf(finding, set))]
    .join("\n\n");
  console.log(text);
  if (settings.write) {
    await writeBetweenMarks(readmeOf(upscaler), "abilities", text);
    for (const [{ stepsDefault }] of found.slice(0, 1)) {
      if (stepsDefault) await writeStepsDefault(cardOf(upscaler), stepsDefault);
    }
  }
  return found.some(([{ promises }]) => promises.some(({ kept }) => !kept)) ? 1 : 0;
}

/** Findings of all abilities on all sets; those of abilities that were not asked for come from the results file. */
async function findAll(
  settings: Settings,
  having: Pick<StudyOptions, "upscaler" | "metricGraphs" | "signal">,
  machine: Machine,
): Promise<Found[]> {
  const { upscaler: { card } } = having;
  const { data, set: sets, only, images: limits } = settings;
  const out = settings.out ?? new URL(`bench/results/abilities-${card.id}.json`, root).pathname;
  await Deno.mkdir(dirname(out), { recursive: true });
  if (settings.fresh) await Deno.remove(out).catch(() => {});
  const record = await openRecord(out, machine, commandLine());
  const tasks = await Promise.all(
    sets.map((name) => openTask(data, name, card.scale, protocolOf("whole"))),
  );
  const chosen = parts.filter(({ name }) => only?.includes(name) ?? true);
  let mode: Mode = "count", left = 0;
  const missing = () => left++;
  let progress = startProgress(0, true);
  async function finish(row: Row) {
    progress.step(`${row.method} ${row.set} ${row.image}`);
    await saveRecord(out, record);
  }
  const studies = await Promise.all(
    tasks.map((task) =>
      studyOf({ ...having, task, record, limits, mode: () => mode, finish, missing })
    ),
  );
  for (const study of studies) for (const part of chosen) await part.run(study);
  progress = startProgress(left, settings.quiet);
  const found: Found[] = [];
  for (const study of studies) {
    for (const part of parts) {
      mode = chosen.includes(part) ? "measure" : "show";
      const finding = await part.run(study);
      if (finding) found.push([finding, study.set.key]);
    }
  }
  progress.end();
  return found;
}

function headOf({ date, system, cpu, cores, versions }: Machine): string {
  return `\`${commandLine()}\`, ${date} UTC; ${system}, ${cpu}, ${cores} cores, srzoo ${versions.srzoo}, ` +
    `onnxruntime-node ${versions["onnxruntime-node"]}.`;
}

function commandLine(): string {
  return `deno task bench:abilities ${Deno.args.join(" ")}`.trim();
}

function readmeOf({ card }: Upscaler): string {
  return new URL("README.md", card.base!).pathname;
}

function cardOf({ card }: Upscaler): string {
  return new URL("model.yml", card.base!).pathname;
}

if (import.meta.main) {
  const settings = readSettings(Deno.args);
  await runInterruptible(
    (signal) => main(settings, signal),
    "Interrupted; the same command continues from here",
  );
}
