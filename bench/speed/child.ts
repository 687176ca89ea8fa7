/**
 * Measures one method at one size in a process of its own, which has a peak memory of its own.
 * {@linkcode measureSpeed} runs it with a JSON request as its argument; it prints one JSON line.
 *
 * @module
 */

import { openEntry as openLibraryEntry } from "../../lib/entry.ts";
import { drain } from "../../lib/upscaler.ts";
import { enlarge } from "../../lib/enlarge.ts";
import type { Image } from "../../lib/image/image.ts";
import { familyOf } from "../../lib/models/mod.ts";
import { planUpscale, type UpscaleOptions } from "../../lib/plan.ts";
import { openSession } from "../../lib/runtime/providers.ts";
import type { Provider, Session } from "../../lib/runtime/session.ts";
import { fetchGraph } from "../../lib/zoo/store.ts";
import { load, type ModelCard } from "../../mod.ts";
import { baseline } from "../methods/baselines.ts";
import { readSpec } from "../../lib/spec.ts";
import { precisionOf } from "../../lib/precision.ts";
import { nfeOf } from "../methods/entry.ts";
import { median } from "../statistics.ts";
import { measureChain } from "./chain.ts";
import { counting, withShapes } from "./flops.ts";
import { peakMemory } from "./memory.ts";
import type { SpeedFigures } from "./row.ts";

/** What to measure. */
export interface SpeedRequest {
  /** Name in the tables. */
  readonly method: string;
  /** The entry with its options, such as `srdiff+steps=8`; `method` is a baseline if absent. */
  readonly spec?: string;
  /** Columns of the source. */
  readonly width: number;
  /** Rows of the source. */
  readonly height: number;
  /** The provider that runs the entry. */
  readonly provider?: Provider;
  /** Scale of a baseline. */
  readonly scale?: number;
  /** CPU threads; all if absent. */
  readonly threads?: number;
}

/** Largest number of steady runs, and milliseconds after which none is started. */
const RUNS = 5;
const LONGEST = 20_000;

async function measure(request: SpeedRequest): Promise<SpeedFigures> {
  const { provider = "native", width, height } = request;
  const source = texture(width, height);
  const subject = request.spec ? await openEntry(request, request.spec) : openBaseline(request);
  const { run, scale, threads, ...facts } = subject;
  const first = await clocked(() => run(source));
  const steady: number[] = [];
  const start = performance.now();
  while (steady.length < RUNS && (steady.length === 0 || performance.now() - start < LONGEST)) {
    steady.push(await clocked(() => run(source)));
  }
  const peak = peakMemory();
  const gflop = await subject.count(source);
  const moved = await subject.moved(source);
  await subject.close();
  return {
    method: request.method,
    provider: facts.provider,
    precision: facts.precision,
    threads,
    width,
    height,
    scale,
    load: facts.load,
    first,
    steady: median(steady),
    runs: steady.length,
    nfe: facts.nfe,
    gflop,
    moved,
    chain: await measureChain(provider, threads),
    unit: await measureChain("native"),
    peak,
  };
}

/** Something to be timed. */
interface Subject {
  readonly scale: number;
  readonly provider: string;
  readonly precision: string;
  readonly threads: number;
  readonly load: number;
  readonly nfe: number;
  run(source: Image): Promise<unknown>;
  count(source: Image): Promise<number | undefined>;
  /** Bytes that one image moves to and from the memory of a GPU, if there is one. */
  moved(source: Image): Promise<number | undefined>;
  close(): Promise<void>;
}

function openBaseline({ method, scale = 4 }: SpeedRequest): Subject {
  const { enlarge } = baseline(method);
  return {
    scale,
    provider: "TypeScript",
    precision: "",
    threads: 1,
    load: 0,
    nfe: 0,
    run: (low) => enlarge({ low, scale, seed: 0, set: "", image: "" }),
    count: () => Promise.resolve(undefined),
    moved: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
}

async function openEntry(
  { provider, threads }: SpeedRequest,
  spec: string,
): Promise<Subject> {
  const { model, options } = readSpec(spec);
  const start = performance.now();
  const upscaler = await load(model, { provider, threads });
  const loading = performance.now() - start;
  const { card } = upscaler;
  const chosen = upscaler.generative ? { ...options, seed: 0 } : options;
  return {
    scale: card.scale,
    provider: upscaler.provider,
    precision: precisionOf(card) ?? "",
    threads: threads ?? navigator.hardwareConcurrency,
    load: loading,
    nfe: nfeOf(card, options) ?? 1,
    run: (source) => upscaler.upscale(source, chosen),
    count: (source) => countOperations(card, source, chosen),
    moved: async (source) =>
      upscaler.provider === "webgpu" ? await countMoved(card, source, chosen) : undefined,
    close: async () => await upscaler[Symbol.asyncDispose](),
  };
}

/** GFLOP of one image, with all tiles, their overlap and all steps, counted in an extra run. */
async function countOperations(
  card: ModelCard,
  source: Image,
  options: UpscaleOptions,
): Promise<number> {
  let total = 0;
  const sessions: Record<string, Session> = {};
  for (const name of Object.keys(card.graphs)) {
    const bytes = await fetchGraph(card, name);
    const session = await openSession({ name, bytes: withShapes(bytes) }, { provider: "native" });
    sessions[name] = counting(bytes, session, (operations) => total += operations);
  }
  const model = familyOf(card.family)(card, sessions);
  await drain(enlarge({ card, model }, source, planUpscale(card, model, source, options)));
  for (const session of Object.values(sessions)) await session[Symbol.asyncDispose]();
  return total / 1e9;
}

/** Bytes that one image moves to and from the memory of a GPU, counted in an extra run. */
export async function countMoved(
  card: ModelCard,
  source: Image,
  options: UpscaleOptions,
): Promise<number> {
  await using entry = await openLibraryEntry(card, { provider: "webgpu" });
  const before = entry.moved;
  await drain(enlarge(entry, source, planUpscale(card, entry.model, source, options)));
  return entry.moved.up - before.up + entry.moved.down - before.down;
}

async function clocked(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** An image with detail everywhere: waves of all lengths. */
function texture(width: number, height: number): Image {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    const x = i % width, y = Math.floor(i / width);
    for (let c = 0; c < 3; c++) {
      data[4 * i + c] = 128 + 90 * Math.sin(x * x / (90 + 9 * c) + y * y / 70);
    }
  }
  return { width, height, data, channels: 3 };
}

if (import.meta.main) {
  console.log(JSON.stringify(await measure(JSON.parse(Deno.args[0]))));
  Deno.exit(0);
}
