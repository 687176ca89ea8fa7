/** Finds the LPIPS graphs: by flag, environment, or cache. @module */

import type { Image } from "../../lib/image/image.ts";
import { type Lpips, openLpips } from "../../lib/metrics/lpips.ts";
import { sha256Of } from "../../lib/sha256.ts";
import { cacheFolder } from "../../lib/zoo/cache_folder.ts";

/** A known graph. */
interface KnownGraph {
  /** Its name in notes. */
  readonly title: string;
  /** File name in a folder. */
  readonly file: string;
  /** SHA-256 of the graph that the published figures were measured with. */
  readonly sha256: string;
  /** Its score on {@linkcode referencePair}; another graph with the same score is accepted. */
  readonly score: number;
}

/** The known LPIPS graphs. */
const known = {
  lpips: {
    title: "LPIPS with AlexNet",
    file: "lpips_alex.onnx",
    sha256: "7ebc4c726c0b26a208180ac6b78abfbbcf89dda5c0d967c9f5d1d1cd0cd6aafd",
    score: 0.17006189,
  },
  lpipsSqueeze: {
    title: "LPIPS with SqueezeNet",
    file: "lpips_sq.onnx",
    sha256: "1402626680d5b69a793e647edda2c32f04e192f5cf1e7837bec8bde14187a261",
    score: 0.18703434,
  },
} as const satisfies Record<string, KnownGraph>;

/** The networks of LPIPS, by the names of their figures. */
export type LpipsName = keyof typeof known;

/** All networks. */
export const lpipsNames = Object.keys(known) as LpipsName[];

/** Difference of scores that another exporter or CPU may cause. */
const TOLERANCE = 2e-4;

/**
 * Opens an LPIPS graph if it is found; otherwise the notes say why not.
 *
 * @param given File, or folder of files, to try first.
 * @throws {Error} If there is no such file or folder.
 */
export async function findLpips(
  name: LpipsName,
  given?: string,
  threads?: number,
): Promise<{ lpips?: Lpips; notes: string[] }> {
  if (given !== undefined && !await isThere(given)) {
    throw new Error(`Cannot find the LPIPS graph: there is no file or folder ${given}`);
  }
  const graph: KnownGraph = known[name];
  const notes: string[] = [];
  const lpips = await openFirst(graph, placesOf(graph, given), notes, threads);
  if (lpips) return { lpips, notes };
  notes.push(
    `${graph.title}: no figures, since ${graph.file} was not found. ` +
      `Run "deno task lpips", or give --lpips with the file or its folder`,
  );
  return { notes };
}

/** Files that may be the graph: what was given, `SRZOO_LPIPS`, the cache, and `../shared/lpips`. */
function placesOf(graph: KnownGraph, given?: string): string[] {
  const shared = new URL("../../../shared/lpips", import.meta.url).pathname;
  return [given, Deno.env.get("SRZOO_LPIPS"), `${cacheFolder()}/lpips`, shared]
    .filter((place) => place !== undefined)
    .map((place) => /\.onnx$/i.test(place) ? place : `${place}/${graph.file}`);
}

async function openFirst(
  graph: KnownGraph,
  paths: readonly string[],
  notes: string[],
  threads?: number,
): Promise<Lpips | undefined> {
  const others = Object.values<KnownGraph>(known).filter((other) => other !== graph);
  for (const path of paths) {
    if (!await isThere(path)) continue;
    const bytes = await Deno.readFile(path);
    const digest = await sha256Of(bytes);
    // A given file may be the other graph.
    if (others.some((other) => other.sha256 === digest)) continue;
    const lpips = await openLpips(bytes, { threads });
    if (digest === graph.sha256) return lpips;
    const score = await lpips.distance(...referencePair());
    if (Math.abs(score - graph.score) <= TOLERANCE) return lpips;
    await lpips[Symbol.asyncDispose]();
    const [found, wanted] = [score.toFixed(4), graph.score.toFixed(4)];
    notes.push(
      `${graph.title}: ${path} is not used, since it scores ${found} on the reference pair ` +
        `where LPIPS 0.1 has ${wanted}`,
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
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
