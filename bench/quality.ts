/** Measures the images of a run. @module */

import { openObserver } from "./features.ts";
import { openGallery } from "./gallery.ts";
import { openMetricGraphs } from "./graphs.ts";
import type { Method } from "./methods/method.ts";
import { openNiqe } from "./niqe_model.ts";
import { type Progress, startProgress } from "./progress.ts";
import { type BenchRecord, type Failure, putRow, type Row, saveRecord } from "./record.ts";
import { type RunEvents, runMethod, type Task } from "./runner.ts";
import type { Settings } from "./settings.ts";

/** Milliseconds between two writes of the results file. */
const SAVE_EVERY = 2000;

const NO_FID = "FID and IS: no columns, since no feature graph was given. " +
  'Run "deno task inception", then give --inception FILE';

const NO_NIQE = "NIQE: no column, since its parameters were not found. " +
  "Give --niqe with niqe_pris_params.npz";

/** Folder of crops and features beside the results file. */
export function cropsOf({ out }: Settings): string {
  return out.replace(/\.json$/, ".crops");
}

/** Runs every method on all sets of its scale, and writes the figures into the record and its file. */
export async function measureQuality(
  settings: Settings,
  record: BenchRecord,
  methods: readonly Method[],
  tasks: readonly Task[],
  signal: AbortSignal,
): Promise<void> {
  await using graphs = await openMetricGraphs(settings.lpips, settings.threads);
  record.notes.push(...graphs.notes);
  const model = await openNiqe(settings.niqe);
  if (!model) record.notes.push(NO_NIQE);
  await using observer = settings.inception
    ? await openObserver(settings.inception, cropsOf(settings))
    : undefined;
  if (!observer) record.notes.push(NO_FID);
  const progress = startProgress(countPictures(methods, tasks), settings.quiet);
  const gallery = openGallery(cropsOf(settings));
  const leftOut = new Set<string>();
  const events: RunEvents = {
    picture: (name, set, image, kept) => progress.step(`${name} ${set} ${image}`, kept),
    failed: (method, reason, set, image) =>
      addFailure(record, { method, set, image, reason }, progress),
    leftOut: (set, image) => leftOut.add(`${set} ${image}`),
  };
  let saved = performance.now();
  const finish = async (row: Row) => {
    putRow(record, row);
    if (performance.now() - saved < SAVE_EVERY) return;
    await saveRecord(settings.out, record);
    saved = performance.now();
  };
  const { seeds } = settings;
  const { observe, observed } = observer ?? {};
  try {
    for (const method of methods) {
      const options = {
        seeds,
        metricGraphs: { ...graphs.metricGraphs, niqe: model },
        gallery,
        observe,
        observed,
        signal,
        events,
        finish,
      };
      await runMethod(method, tasks, record, options);
    }
  } finally {
    progress.end();
    if (leftOut.size > 0) {
      record.notes.push(`Too small for the protocol, left out: ${[...leftOut].join(", ")}`);
    }
    await saveRecord(settings.out, record);
  }
}

/** Reports a failure; one that several methods share is a single failure of all of them. */
function addFailure(record: BenchRecord, failure: Failure, progress: Progress): void {
  const { method, set, image, reason } = failure;
  const alike = record.failures.findIndex((other) =>
    other.set === set && other.image === image && other.reason === reason
  );
  if (alike < 0) {
    record.failures.push(failure);
    progress.say(`${method ?? "every method"} failed on ${image} of ${set}: ${reason}`);
  } else if (method) {
    const methods = `${record.failures[alike].method}, ${method}`;
    record.failures[alike] = { ...failure, method: methods };
  }
}

function countPictures(methods: readonly Method[], tasks: readonly Task[]): number {
  const counts = methods.flatMap(({ scale }) =>
    tasks.filter(({ set }) => scale === undefined || scale === set.scale)
      .map(({ images }) => images.length)
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
