/** A page that enlarges one tile on a GPU, for {@linkcode ./webgpu_test.ts}. @module */

import { enlarge } from "../../lib/enlarge.ts";
import { openEntry } from "../../lib/entry.ts";
import type { Image } from "../../lib/image/image.ts";
import { planUpscale } from "../../lib/plan.ts";
import { drain } from "../../lib/upscaler.ts";

/** The work, which the test calls: pixels, and the bytes that each step moved. */
async function enlargeOnGpu({ width, height, data }: Image, steps: number) {
  await using entry = await openEntry("/zoo/srdiff/model.yml", {
    provider: "webgpu",
    worker: "/worker.js",
    wasmPaths: "/ort/",
  });
  const source: Image = { width, height, data: Uint8ClampedArray.from(data), channels: 3 };
  const plan = planUpscale(entry.card, entry.model, source, { seed: 7, steps });
  const before = entry.moved;
  const [image] = await drain(enlarge(entry, source, plan));
  const { up, down } = entry.moved;
  return { data: [...image.data], up: up - before.up, down: down - before.down };
}

Object.assign(globalThis, { enlargeOnGpu });
