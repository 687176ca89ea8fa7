/** Where the graphs of metrics are found. @module */

import { findLpips, lpipsNames } from "../cli/zoo/lpips.ts";
import type { MetricGraphs } from "./figures.ts";

/** Opens all LPIPS graphs that are found; the notes say what is missing. */
export async function openMetricGraphs(
  given?: string,
  threads?: number,
): Promise<{ metricGraphs: MetricGraphs; notes: string[] }> {
  const found = [];
  for (const name of lpipsNames) found.push({ name, ...await findLpips(name, given, threads) });
  const opened = found.filter(({ lpips }) => lpips).map(({ name, lpips }) => [name, lpips]);
  return { metricGraphs: Object.fromEntries(opened), notes: found.flatMap(({ notes }) => notes) };
}
