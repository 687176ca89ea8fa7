/// <reference types="./env.d.ts" />
/** The worker that holds the whole library, so that the page never waits for it. @module */

// Not from mod.ts, whose load() could start one more worker: a bundler would write its script, too.
import { settleRestore } from "../../../lib/damage.ts";
import { openEntry } from "../../../lib/entry.ts";
import type { Engine } from "../../../lib/enlarge.ts";
import { temperatureOf } from "../../../lib/plan.ts";
import { encodeImage, LOSSY_QUALITY } from "../../../lib/image/files/encode.ts";
import { readImage } from "../../../lib/image/files/read.ts";
import type { Image } from "../../../lib/image/image.ts";
import { resizeImage } from "../../../lib/image/resize.ts";
import { deviationMap } from "../../../lib/metrics/mod.ts";
import { noise, type NoiseField } from "../../../lib/tensor/noise.ts";
import { type Upscaler, upscalerOf } from "../../../lib/upscaler.ts";
import type { DownloadProgress } from "../../../lib/zoo/cache.ts";
import type { Cost, Entry, Made, Part, Reply, Request } from "./messages.ts";

/** Milliseconds between two previews. */
const PREVIEW_EVERY = 150;

/** The page's folder; the build writes this worker into its `assets/`. */
const page = new URL("../", self.location.href);
const zoo = new URL("zoo/", page).href;
const wasmPaths = new URL(import.meta.env.RUNTIME, page).href;
const running = new Map<number, AbortController>();
let opened: { model: string; entry: Promise<Opened> } | undefined;

/** An opened entry, and its upscaler. */
interface Opened {
  engine: Engine;
  upscaler: Upscaler;
}

/** Opens an entry and closes the one before it; reports downloads to the request. */
async function open(id: number, model: string): Promise<Opened> {
  if (opened?.model !== model) {
    const before = opened;
    const onDownload = tellOf(id);
    const engine = openEntry(model, { zoo, wasmPaths, onDownload });
    const entry = engine.then((engine) => ({ engine, upscaler: upscalerOf(engine) }));
    opened = { model, entry };
    await before?.entry.then(({ upscaler }) => upscaler.close(), () => {});
  }
  try {
    return await opened.entry;
  } catch (error) {
    opened = undefined;
    throw error;
  }
}

/** Reports the bytes of all files together to a request. */
function tellOf(id: number): (progress: DownloadProgress) => void {
  const files = new Map<string, DownloadProgress>();
  return (progress) => {
    files.set(progress.file, progress);
    const sum = (bytes: (progress: DownloadProgress) => number) =>
      [...files.values()].reduce((sum, progress) => sum + bytes(progress), 0);
    const received = sum(({ received }) => received);
    post({
      id,
      kind: "download",
      received,
      total: sum(({ total, received }) => total ?? received),
    });
  };
}

async function entryOf(id: number, model: string): Promise<Entry> {
  const { card, generative, provider, tried } = (await open(id, model)).upscaler;
  return {
    id: card.id,
    name: card.name,
    scale: card.scale,
    provider,
    tried: [...tried],
    generative,
    steps: card.steps && { default: card.steps.default, max: card.steps.max },
    temperature: generative ? temperatureOf(card) : undefined,
    restore: card.restore && { ...card.restore, finds: card.graphs.damage !== undefined },
    licence: card.licence.weights,
  };
}

async function current(): Promise<Opened> {
  if (!opened) throw new Error("Cannot enlarge: no model is loaded");
  return await opened.entry;
}

async function run(id: number, request: Request & { kind: "run" }): Promise<Made> {
  const { engine, upscaler } = await current();
  const controller = new AbortController();
  running.set(id, controller);
  let shown = -Infinity;
  try {
    const { image, options, part } = request;
    const plan = upscaler.plan(image, {
      ...options,
      ...noiseAt(upscaler, part),
      signal: controller.signal,
      onProgress: (progress) => post({ id, kind: "progress", progress }),
    });
    const settled = part?.whole ? await settleRestore(engine, part.whole, plan) : plan;
    const started = performance.now();
    const stream = upscaler.stream(image, settled);
    let next = await stream.next();
    for (; !next.done; next = await stream.next()) {
      const { sample, step, steps } = next.value;
      if (performance.now() - shown < PREVIEW_EVERY || steps === 1) continue;
      shown = performance.now();
      const image = plain(await next.value.image());
      post({ id, kind: "preview", image, sample, step, steps });
    }
    const { images, seed, restore, warnings } = next.value;
    return {
      images: images.map(plain),
      seed,
      restore,
      warnings: [...warnings],
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    running.delete(id);
  }
}

/** The noise of the part within the whole, so that both get the same detail; diffusion draws it on the result's grid. */
function noiseAt({ card }: Upscaler, part?: Part): { noise?: NoiseField } {
  if (!part || !card.diffusion) return {};
  const [left, top] = [part.x * card.scale, part.y * card.scale];
  return { noise: (index, dims, { x, y }) => noise(index, dims, { x: x + left, y: y + top }) };
}

/** An image without the fields that cannot be sent. */
function plain({ width, height, data, channels, notes }: Image): Image {
  return { width, height, data, channels, notes };
}

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case "open":
      return await entryOf(request.id, request.model);
    case "decode":
      return plain(await readImage(request.file));
    case "plan": {
      const { width, height, runs, memory, warnings } = (await current()).upscaler
        .plan({ width: request.width, height: request.height }, request.options);
      return { width, height, runs, memory, warnings: [...warnings] } satisfies Cost;
    }
    case "enlarge": {
      const { image, scale } = request;
      const size = { width: image.width * scale, height: image.height * scale };
      return plain({ ...resizeImage(image, size) });
    }
    case "run":
      return await run(request.id, request);
    case "encode":
      return await encodeImage(request.image, { format: request.format, quality: LOSSY_QUALITY });
    case "deviation":
      return deviationMap(request.images).data;
    case "cancel":
      running.get(request.target)?.abort(new DOMException("Cancelled", "AbortError"));
      return undefined;
  }
}

function post(reply: Reply, transfer: Transferable[] = []): void {
  self.postMessage(reply, { transfer });
}

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  const { id } = data;
  try {
    post({ id, kind: "done", value: await answer(data) });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(`${error}`);
    post({ id, kind: "failed", name, message });
  }
};
