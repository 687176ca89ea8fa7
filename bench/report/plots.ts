/** Plots of a results file as SVG, drawn by Vega-Lite. @module */

import type { BenchRecord } from "../record.ts";
import type { SpeedRow } from "../speed/row.ts";
import { speedOf, summaries } from "../summary.ts";
import { draw, type Plot } from "./drawing.ts";
import { lines } from "./lines.ts";
import { type Group, scatter } from "./scatter.ts";

/** All plots for which the results have figures. */
export async function plotsOf(record: BenchRecord): Promise<Plot[]> {
  const speed = speedOf(record);
  const scales = [...new Set(speed.map(({ scale }) => scale))].sort((a, b) => a - b);
  const drawings = [
    ...record.sets.map(({ key }) => errorPlot(record, key)),
    ...scales.map((scale) => timePlot(record, speed.filter((row) => row.scale === scale))),
    ...scales.flatMap((scale) => growthPlots(speed.filter((row) => row.scale === scale))),
  ];
  return await Promise.all(drawings.filter((drawing) => drawing !== undefined).map(draw));
}

/** The trade-off of error against perception (Blau & Michaeli 2018). */
function errorPlot(record: BenchRecord, set: string) {
  const points = summaries(record, set)
    .filter(({ figures }) => figures.lpips && figures.psnrY)
    .map(({ method, images, missing, figures }) => ({
      name: missing > 0 ? `${method} (${images} of ${images + missing})` : method,
      group: groupOf(record, method),
      x: figures.lpips.mean,
      y: figures.psnrY.mean,
    }));
  const x = { title: "LPIPS (AlexNet), left is better" };
  const y = { title: "PSNR-Y in dB, up is better" };
  return scatter(`${set}: error against perception`, points, x, y);
}

/** Time at the size that most methods were timed at, against LPIPS on the largest set of the scale. */
function timePlot(record: BenchRecord, speed: readonly SpeedRow[]) {
  const [{ scale }] = speed;
  const rows = atCommonSize(speed);
  const sets = record.sets.filter((set) =>
    set.scale === scale && summaries(record, set.key).some(({ figures }) => figures.lpips)
  );
  if (sets.length === 0) return undefined;
  const set = sets.reduce((a, b) => b.images > a.images ? b : a);
  const found = summaries(record, set.key);
  const points = rows.flatMap((row) => {
    const own = found.find(({ method, missing }) => method === row.method && missing === 0);
    const lpips = own?.figures.lpips?.mean;
    if (lpips === undefined) return [];
    const group = groupOf(record, row.method);
    return [{ name: label(row), group, x: row.steady / 1000, y: lpips }];
  });
  const { width, height } = rows[0];
  const x = {
    title: `seconds for ${width}x${height} to ${width * scale}x${height * scale} (this machine)`,
    log: true,
  };
  const y = { title: "LPIPS (AlexNet), down is better" };
  return scatter(`x${scale}: time against perception on ${set.key}`, points, x, y);
}

/** The rows of the size at which most methods were timed; the largest of several such sizes. */
function atCommonSize(speed: readonly SpeedRow[]): SpeedRow[] {
  const bySize = Map.groupBy(speed, ({ width, height }) => `${width}x${height}`);
  const area = ([{ width, height }]: SpeedRow[]) => width * height;
  return [...bySize.values()].reduce((a, b) =>
    b.length > a.length || (b.length === a.length && area(b) > area(a)) ? b : a
  );
}

/** Seconds and memory against the size of the output; no plots if there is only one size. */
function growthPlots(speed: readonly SpeedRow[]) {
  const { scale } = speed[0];
  const points = speed.map((row) => ({
    name: row.method,
    kind: row.provider,
    x: row.width * row.height * scale ** 2 / 1e6,
    seconds: row.steady / 1000,
    peak: row.peak,
  }));
  if (new Set(points.map(({ x }) => x)).size < 2) return [];
  const x = { title: "megapixels of the output" };
  const of = (key: "seconds" | "peak") => points.map((point) => ({ ...point, y: point[key] }));
  return [
    lines(`x${scale}: time against size`, of("seconds"), x, {
      title: "seconds (this machine)",
    }),
    lines(`x${scale}: memory against size`, of("peak"), x, {
      title: "peak of the process in MiB",
    }),
  ];
}

function label({ method, provider }: SpeedRow): string {
  return provider === "native" || provider === "TypeScript" ? method : `${method} (${provider})`;
}

function groupOf(record: BenchRecord, method: string): Group {
  const facts = record.methods.find(({ name }) => name === method)?.facts;
  if (facts?.family !== undefined) return "srzoo entry";
  if (facts?.peer !== undefined) return "peer";
  return facts?.kind === "baseline" ? "baseline" : "images from a folder";
}
