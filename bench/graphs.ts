/** Where the graphs of metrics are found. @module */

import { findLpips, lpipsNames } from "../cli/zoo/lpips.ts";
import type { Judges } from "./judges.ts";

/** Opens all LPIPS graphs that are found; the notes say what is missing. */
export async function openJudges(
  given?: string,
  threads?: number,
): Promise<{ judges: Judges; notes: string[] }> {
  const found = [];
  for (const name of lpipsNames) found.push({ name, ...await findLpips(name, given, threads) });
  const opened = found.filter(({ lpips }) => lpips).map(({ name, lpips }) => [name, lpips]);
  return { judges: Object.fromEntries(opened), notes: found.flatMap(({ notes }) => notes) };
}
