/** Plots of a results file as SVG, drawn by Vega-Lite. @module */

import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { BenchRecord } from "../record.ts";
import { summaries } from "../summary.ts";

/** A plot with its caption. */
export interface Plot {
  /** What is seen. */
  readonly caption: string;
  /** The drawing. */
  readonly svg: string;
}

/** All plots that the results have figures for. */
export async function plotsOf(record: BenchRecord): Promise<Plot[]> {
  const specs = [...record.sets.map(({ key }) => errorPlot(record, key)), timePlot(record)];
  specs.push(growthPlot(record, "seconds"), growthPlot(record, "peak"));
  const found = specs.filter((entry) => entry !== undefined);
  return await Promise.all(
    found.map(async ({ caption, spec }) => ({ caption, svg: await draw(spec) })),
  );
}

interface Drawing {
  readonly caption: string;
  readonly spec: TopLevelSpec;
}

async function draw(spec: TopLevelSpec): Promise<string> {
  return await new View(parse(compile(spec).spec), { renderer: "none" }).toSVG();
}

const LABEL = { type: "text", align: "left", dx: 7, fontSize: 11 } as const;
const SIZE = { width: 460, height: 300 } as const;

/** Points with the method's name beside each. */
function labelled(values: object[], x: object, y: object): TopLevelSpec {
  return {
    data: { values: values as Record<string, unknown>[] },
    ...SIZE,
    encoding: { x, y, color: { field: "kind", title: null } },
    layer: [
      { mark: { type: "point", filled: true, size: 70 } },
      { mark: LABEL, encoding: { text: { field: "method" } } },
    ],
  } as TopLevelSpec;
}

/** The trade of error against perception (Blau & Michaeli 2018). */
function errorPlot(record: BenchRecord, set: string): Drawing | undefined {
  const values = summaries(record, set)
    .filter(({ figures }) => figures.lpips && figures.psnrY)
    .map(({ method, figures }) => ({
      method,
      kind: kindOf(record, method),
      lpips: figures.lpips.mean,
      psnr: figures.psnrY.mean,
    }));
  if (values.length === 0) return undefined;
  const x = axis("lpips", "LPIPS (AlexNet), left is better");
  const y = axis("psnr", "PSNR-Y in dB, up is better");
  return { caption: `${set}: error against perception`, spec: labelled(values, x, y) };
}

/** Time at the largest measured output against LPIPS on the first set of the same scale. */
function timePlot(record: BenchRecord): Drawing | undefined {
  const values = record.speed.flatMap((row) => {
    const set = record.sets.find(({ scale }) => scale === row.scale);
    const found = set && summaries(record, set.key).find(({ method }) => method === row.method);
    const lpips = found?.figures.lpips?.mean;
    const largest = record.speed.every((other) =>
      other.method !== row.method || other.provider !== row.provider ||
      other.width * other.height <= row.width * row.height
    );
    if (lpips === undefined || !largest) return [];
    return [{
      method: `${row.method} (${row.provider})`,
      kind: kindOf(record, row.method),
      lpips,
      time: row.steady / 1000 / megapixels(row),
    }];
  });
  if (values.length === 0) return undefined;
  const x = axis("time", "seconds per output megapixel (this machine), left is better", "log");
  const y = axis("lpips", "LPIPS (AlexNet), down is better");
  return { caption: "Time against perception", spec: labelled(values, x, y) };
}

/** Seconds or memory against the size of the output. */
function growthPlot(record: BenchRecord, what: "seconds" | "peak"): Drawing | undefined {
  if (record.speed.length === 0) return undefined;
  const values = record.speed.map((row) => ({
    method: `${row.method} (${row.provider})`,
    size: megapixels(row),
    seconds: row.steady / 1000,
    peak: row.peak,
  }));
  const title = what === "seconds" ? "seconds (this machine)" : "peak memory of the process in MiB";
  const spec = {
    data: { values },
    ...SIZE,
    mark: { type: "line", point: true },
    encoding: {
      x: axis("size", "output megapixels", "log"),
      y: axis(what, title, "log"),
      color: { field: "method", title: null },
    },
  } as TopLevelSpec;
  const caption = what === "seconds" ? "Time against size" : "Memory against size";
  return { caption, spec };
}

function axis(field: string, title: string, scale: "linear" | "log" = "linear"): object {
  // A logarithmic axis has no zero, and says so when it is told to leave it out.
  const range = scale === "log" ? { type: scale } : { type: scale, zero: false, padding: 30 };
  return { field, title, type: "quantitative", scale: range };
}

function megapixels({ width, height, scale }: BenchRecord["speed"][number]): number {
  return width * height * scale ** 2 / 1e6;
}

function kindOf(record: BenchRecord, method: string): string {
  const facts = record.methods.find(({ name }) => name === method)?.facts;
  return facts?.family ?? facts?.kind ?? "";
}
