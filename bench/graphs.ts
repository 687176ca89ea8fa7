/** Where the graphs of metrics are found: by flag, environment, cache. @module */

import type { Image } from "../lib/image/image.ts";
import { type Lpips, openLpips } from "../lib/metrics/mod.ts";
import { cacheFolder } from "../lib/zoo/cache_folder.ts";
import { exists, sha256 } from "./files.ts";
import type { Judges } from "./judges.ts";

/** A graph of a metric, identified by its bytes. */
interface JudgeGraph {
  /** Key in {@linkcode Judges}. */
  readonly key: "lpips" | "lpipsSqueeze";
  /** What it is called in notes. */
  readonly title: string;
  /** File name in a folder. */
  readonly file: string;
  /** SHA-256 of the graph that the published figures were measured with. */
  readonly sha256: string;
  /** What that graph scores on {@linkcode referencePair}; one with the same score is accepted too. */
  readonly score: number;
}

/** The known LPIPS graphs. */
const judgeGraphs: readonly JudgeGraph[] = [
  {
    key: "lpips",
    title: "LPIPS with AlexNet",
    file: "lpips_alex.onnx",
    sha256: "7ebc4c726c0b26a208180ac6b78abfbbcf89dda5c0d967c9f5d1d1cd0cd6aafd",
    score: 0.17006189,
  },
  {
    key: "lpipsSqueeze",
    title: "LPIPS with SqueezeNet",
    file: "lpips_sq.onnx",
    sha256: "1402626680d5b69a793e647edda2c32f04e192f5cf1e7837bec8bde14187a261",
    score: 0.18703434,
  },
];

/** A difference of scores that another exporter or processor may make. */
const TOLERANCE = 2e-4;

/** Opens all LPIPS graphs that are found; the notes say what is missing. */
export async function openJudges(
  given?: string,
  threads?: number,
): Promise<{ judges: Judges; notes: string[] }> {
  if (given !== undefined && !await exists(given)) {
    throw new Error(`Cannot find the LPIPS graph: there is no file or folder ${given}`);
  }
  const judges: { -readonly [key in keyof Judges]: Judges[key] } = {};
  const notes: string[] = [];
  for (const graph of judgeGraphs) {
    judges[graph.key] = await openFirst(graph, placesOf(graph, given), notes, threads);
    if (judges[graph.key]) continue;
    delete judges[graph.key];
    notes.push(
      `${graph.title}: no column, since ${graph.file} was not found. ` +
        `Run "deno task lpips", or give --lpips with the file or its folder`,
    );
  }
  return { judges, notes };
}

/** Files that may be the graph: what was given, `SRZOO_LPIPS`, the cache, and `../shared/lpips`. */
function placesOf(graph: JudgeGraph, given?: string): string[] {
  const shared = new URL("../../shared/lpips", import.meta.url).pathname;
  return [given, Deno.env.get("SRZOO_LPIPS"), `${cacheFolder()}/lpips`, shared]
    .filter((place) => place !== undefined)
    .map((place) => /\.onnx$/i.test(place) ? place : `${place}/${graph.file}`);
}

async function openFirst(
  graph: JudgeGraph,
  paths: readonly string[],
  notes: string[],
  threads?: number,
): Promise<Lpips | undefined> {
  for (const path of paths) {
    if (!await exists(path)) continue;
    const bytes = await Deno.readFile(path);
    const digest = await sha256(bytes);
    // A file that was given is one of the two.
    if (judgeGraphs.some((other) => other !== graph && other.sha256 === digest)) continue;
    const lpips = await openLpips(bytes, { threads });
    if (digest === graph.sha256) return lpips;
    const score = await lpips.distance(...referencePair());
    if (Math.abs(score - graph.score) <= TOLERANCE) return lpips;
    await lpips[Symbol.asyncDispose]();
    notes.push(
      `${graph.title}: ${path} is not used, since it scores ${score.toFixed(4)} on the reference ` +
        `pair where LPIPS 0.1 has ${graph.score.toFixed(4)}`,
    );
  }
}

/** Two images of 64x64 that any language can make; train/srzoo_train/lpips_export.py makes the same. */
function referencePair(): [Image, Image] {
  const picture = (a: number, b: number): Image => {
    const data = new Uint8ClampedArray(64 * 64 * 4).fill(255);
    for (let i = 0; i < 64 * 64; i++) {
      for (let c = 0; c < 3; c++) data[4 * i + c] = (a * (i % 64) + b * (i >> 6) + 50 * c) % 256;
    }
    return { width: 64, height: 64, data, channels: 3 };
  };
  return [picture(2, 3), picture(3, 2)];
}
