/** Speed and memory as a table: ratios first, absolute times last and marked as such. @module */

import type { TextTable } from "../tables.ts";
import type { SpeedRow } from "./row.ts";

/** The rows as a table, smallest images first. */
export function speedTable(rows: readonly SpeedRow[]): TextTable {
  const size = ({ width, height }: SpeedRow) => width * height;
  const sorted = [...rows].sort((a, b) => size(a) - size(b));
  return {
    head: [
      "method",
      "provider",
      "precision",
      "source",
      "x unit",
      "GFLOP/s : chain",
      "first : steady",
      "GFLOP",
      "NFE",
      "moved MB",
      "peak MiB",
      "s/Mpx *",
      "steady s *",
      "load s *",
    ],
    rows: sorted.map(line),
    words: [1, 2, 3],
    notes: [
      "x unit: steady time; the unit is what a bare chain of 3x3 convolutions with 64 channels takes for 10 GFLOP on " +
      "the native provider with all threads, measured just after in the same process.",
      "GFLOP/s : chain: share of such a chain's speed on the same provider and threads that the entry's convolutions " +
      "and matrix products reach; everything else counts as time only.",
      "Moved: bytes to and from the memory of a GPU for one image. Peak: resident memory of a process of its own. " +
      "NFE: evaluations of the denoiser.",
      "* absolute times hold for one machine and its load at that moment only: " +
      `${[...new Set(rows.map((row) => row.machine))].join("; ")}.`,
    ],
  };
}

function line(row: SpeedRow): string[] {
  const { width, height, scale, steady, first, load, gflop, chain, unit, threads } = row;
  const seconds = steady / 1000;
  const output = width * height * scale ** 2 / 1e6;
  return [
    row.method,
    `${row.provider}, ${threads} thr`,
    row.precision,
    `${width}x${height} x${scale}`,
    (seconds * unit / 10).toFixed(2),
    gflop === undefined ? "" : (gflop / seconds / chain).toFixed(2),
    (first / steady).toFixed(1),
    gflop === undefined ? "" : gflop.toFixed(1),
    row.nfe === 0 ? "" : String(row.nfe),
    row.moved === undefined ? "" : (row.moved / 1e6).toFixed(1),
    row.peak.toFixed(0),
    (seconds / output).toFixed(2),
    seconds.toFixed(3),
    (load / 1000).toFixed(2),
  ];
}
