/** A page that enlarges images on a GPU, for {@linkcode ./webgpu_test.ts}. @module */

import { enlarge } from "../../lib/enlarge.ts";
import { openEntry } from "../../lib/entry.ts";
import type { Image } from "../../lib/image/image.ts";
import { planUpscale, type Progress, type UpscaleOptions } from "../../lib/plan.ts";
import { drain } from "../../lib/upscaler.ts";

/** What the page is asked to do. */
export interface Work {
  entry: string;
  image: Pick<Image, "width" | "height"> & { data: number[] };
  options: UpscaleOptions;
  /** Number of runs, one after the other. */
  runs: number;
}

/** A run: its pixels, the bytes that it moved, and the GPU buffers that the worker has after it. */
export interface Ran {
  data: number[];
  up: number;
  down: number;
  buffers: number;
}

/** The number of GPU buffers that the worker has. */
async function buffersOfWorker(): Promise<number> {
  const channel = new BroadcastChannel("buffers");
  const { promise, resolve } = Promise.withResolvers<number>();
  channel.onmessage = ({ data }) => resolve(data);
  channel.postMessage("count");
  try {
    return await promise;
  } finally {
    channel.close();
  }
}

/** Does the work; the test calls it. Before the last run, another one is aborted between two tiles. */
async function enlargeOnGpu({ image: { width, height, data }, options, runs, ...work }: Work) {
  await using entry = await openEntry(`/zoo/${work.entry}/model.yml`, {
    provider: "webgpu",
    worker: "/worker.js",
    wasmPaths: "/ort/",
  });
  const source: Image = { width, height, data: Uint8ClampedArray.from(data), channels: 3 };
  const enlarged = async (more: UpscaleOptions = {}) => {
    const plan = planUpscale(entry.card, entry.model, source, { ...options, ...more });
    const [image] = await drain(enlarge(entry, source, plan));
    return [...image.data];
  };
  const ran: Ran[] = [];
  for (let run = 0; run < runs; run++) {
    if (run > 0 && run === runs - 1) {
      const controller = new AbortController();
      const onProgress = ({ phase, tile }: Progress) =>
        phase === "sample" && tile === 2 && controller.abort(new Error("enough"));
      const reason = await enlarged({ signal: controller.signal, onProgress }).catch(String);
      if (reason !== "Error: enough") throw new Error(`it was not aborted: ${reason}`);
    }
    const before = entry.moved;
    const data = await enlarged();
    const { up, down } = entry.moved;
    const moved = { up: up - before.up, down: down - before.down };
    ran.push({ data, ...moved, buffers: await buffersOfWorker() });
  }
  return ran;
}

Object.assign(globalThis, { enlargeOnGpu });
