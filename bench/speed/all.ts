/** The half of a run that measures speed and memory. @module */

import type { Method } from "../methods/method.ts";
import { startProgress } from "../progress.ts";
import { type BenchRecord, saveRecord } from "../record.ts";
import { oneLine } from "../runner.ts";
import type { Settings } from "../settings.ts";
import { speedJobs } from "./jobs.ts";
import { putSpeed } from "./row.ts";

/** Times one method after the other, since two at once would disturb each other. */
export async function measureSpeeds(
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
