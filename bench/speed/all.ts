/** Measures the speed and memory of a run's methods. @module */

import { describeMachine } from "../machine.ts";
import type { Method } from "../methods/method.ts";
import { startProgress } from "../progress.ts";
import { type BenchRecord, saveRecord } from "../record.ts";
import { oneLine } from "../runner.ts";
import type { Settings } from "../settings.ts";
import { type SpeedJob, speedJobs } from "./jobs.ts";
import { isSameSpeed, putSpeed } from "./row.ts";

/** Times one method at a time, since two at once would slow each other down; finished rows are kept. */
export async function measureSpeeds(
  settings: Settings,
  record: BenchRecord,
  methods: readonly Method[],
  signal: AbortSignal,
): Promise<void> {
  const jobs = speedJobs(methods, settings);
  const progress = startProgress(jobs.length, settings.quiet);
  const machine = describeMachine(record.machine);
  if (settings.freshSpeed) record.speed = [];
  try {
    for (const job of jobs) {
      const kept = isKept(job, record, machine);
      if (!kept) await measure(job, record, machine, settings.out, signal, progress.say);
      progress.step(job.label, kept);
    }
  } finally {
    progress.end();
  }
}

/** Whether the record has this measurement of the same method on the same machine. */
function isKept({ key, methodDigest }: SpeedJob, { speed }: BenchRecord, machine: string): boolean {
  return speed.some((row) =>
    isSameSpeed(row, key) && row.methodDigest === methodDigest && row.machine === machine
  );
}

async function measure(
  { key, label, methodDigest, run }: SpeedJob,
  record: BenchRecord,
  machine: string,
  out: string,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  try {
    const figures = await run(signal);
    record.speed = putSpeed(record.speed, { ...figures, methodDigest, machine });
    await saveRecord(out, record);
  } catch (error) {
    signal.throwIfAborted();
    say(`${label}: ${oneLine(error)}`);
    record.failures.push({ method: key.method, reason: oneLine(error) });
  }
}
