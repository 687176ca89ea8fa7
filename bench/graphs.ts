/** Where the judges' graphs are found: by flag, environment, cache. @module */

import { openLpips } from "../lib/metrics/mod.ts";
import { exists, sha256 } from "./files.ts";
import type { Judges } from "./judges.ts";

/** A graph that judges pictures, known by its bytes. */
export interface JudgeGraph {
  /** Key in {@linkcode Judges}. */
  readonly key: "lpips" | "lpipsSqueeze";
  /** File name in a folder. */
  readonly file: string;
  /** SHA-256 of the one graph whose figures are comparable. */
  readonly sha256: string;
}

/** The known LPIPS graphs. */
export const judgeGraphs: readonly JudgeGraph[] = [
  {
    key: "lpips",
    file: "lpips_alex.onnx",
    sha256: "7ebc4c726c0b26a208180ac6b78abfbbcf89dda5c0d967c9f5d1d1cd0cd6aafd",
  },
  {
    key: "lpipsSqueeze",
    file: "lpips_sq.onnx",
    sha256: "1402626680d5b69a793e647edda2c32f04e192f5cf1e7837bec8bde14187a261",
  },
];

/** A graph that was found, or why not. */
export interface FoundGraph {
  /** Which one. */
  readonly graph: JudgeGraph;
  /** Its bytes, if it was found. */
  readonly bytes?: Uint8Array;
  /** What the user should know. */
  readonly note?: string;
}

/** Folder of cached graphs: `$SRZOO_CACHE/lpips`, or the user's cache folder. */
export function cacheFolder(): string {
  const own = Deno.env.get("SRZOO_CACHE");
  if (own) return `${own}/lpips`;
  const home = Deno.env.get("XDG_CACHE_HOME") ??
    `${Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE")}/.cache`;
  return `${home}/srzoo/lpips`;
}

/**
 * Finds each graph in the given file or folder, in `SRZOO_LPIPS`, in the cache, or in `../shared/lpips`.
 *
 * @param given Value of `--lpips`; a file whose bytes are no known graph is taken for AlexNet's, and said so.
 * @throws {Error} If `given` does not exist.
 */
export async function findGraphs(given?: string): Promise<FoundGraph[]> {
  if (given !== undefined && !await exists(given)) {
    throw new Error(`Cannot find the LPIPS graph: there is no file or folder ${given}`);
  }
  const shared = new URL("../../shared/lpips", import.meta.url).pathname;
  const places = [given, Deno.env.get("SRZOO_LPIPS"), cacheFolder(), shared]
    .filter((place) => place !== undefined);
  return await Promise.all(judgeGraphs.map((graph) => find(graph, places)));
}

async function find(graph: JudgeGraph, places: readonly string[]): Promise<FoundGraph> {
  for (const place of places) {
    const isFile = /\.onnx$/i.test(place);
    const path = isFile ? place : `${place}/${graph.file}`;
    if (!await exists(path)) continue;
    const bytes = await Deno.readFile(path);
    const digest = await sha256(bytes);
    if (digest === graph.sha256) return { graph, bytes };
    const isOther = judgeGraphs.some((other) => other.sha256 === digest);
    if (isOther || graph.key !== "lpips") continue;
    const note = `LPIPS: ${path} has the SHA-256 ${digest.slice(0, 12)}..., not the known one: ` +
      `its figures may not compare with others`;
    return { graph, bytes, note };
  }
  const note = `${graph.key}: the column is empty, since ${graph.file} was not found. ` +
    `Run "deno task lpips", or give --lpips FILE or folder`;
  return { graph, note };
}

/** Opens all LPIPS graphs that are found; the notes say what is missing. */
export async function openJudges(
  given?: string,
  threads?: number,
): Promise<{ judges: Judges; notes: string[] }> {
  const judges: { -readonly [key in keyof Judges]: Judges[key] } = {};
  const notes: string[] = [];
  for (const { graph, bytes, note } of await findGraphs(given)) {
    if (note) notes.push(note);
    if (bytes) judges[graph.key] = await openLpips(bytes, { threads });
  }
  return { judges, notes };
}
