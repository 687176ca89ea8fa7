/** The half of a run that measures pictures. @module */

import { openObserver } from "./features.ts";
import { openGallery } from "./gallery.ts";
import { openJudges } from "./graphs.ts";
import type { Method } from "./methods/method.ts";
import { startProgress } from "./progress.ts";
import { type BenchRecord, putRow, saveRecord } from "./record.ts";
import { runMethod, type Task } from "./runner.ts";
import type { Settings } from "./settings.ts";

/** Results are written at least this often, in milliseconds. */
const SAVE_EVERY = 2000;

const NO_FID = "FID and IS: no columns, since no feature graph was given. " +
  'Run "deno task inception", then give --inception FILE';

/** Folder of crops and features beside the results file. */
export function cropsOf({ out }: Settings): string {
  return out.replace(/\.json$/, ".crops");
}

/** Runs all methods over all sets of their scales, into the record and its file. */
export async function measureQuality(
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
  const progress = startProgress(countPictures(methods, tasks), settings.quiet);
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

function countPictures(methods: readonly Method[], tasks: readonly Task[]): number {
  const counts = methods.flatMap(({ scale }) =>
    tasks.filter(({ set }) => scale === undefined || scale === set.scale)
      .map(({ set }) => set.images)
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
