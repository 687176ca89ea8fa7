/** Tests that every family must pass, on an entry of its own. @module */

import { expect } from "expect";
import { enlarge } from "../../lib/enlarge.ts";
import { toImage } from "../../lib/image/pixels.ts";
import { families } from "../../lib/models/mod.ts";
import type { Family, Model, SampleInput } from "../../lib/models/model.ts";
import { planUpscale } from "../../lib/plan.ts";
import { type OpenedSessions, openSessions } from "../../lib/runtime/providers.ts";
import type { Session } from "../../lib/runtime/session.ts";
import { patchesHere } from "../../lib/tensor/patch.ts";
import { allHeldHere, heldHere, sumHere, valuesOf } from "../../lib/tensor/held.ts";
import { HeldNoise, type NoiseOrigin } from "../../lib/tensor/noise.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { crop } from "../../lib/tensor/window.ts";
import type { Tiling } from "../../lib/tiling.ts";
import { drain } from "../../lib/upscaler.ts";
import type { ModelCard } from "../../lib/zoo/card.ts";
import { largestDifference } from "../_difference.ts";

/** Card and folder of a tiny entry that make_entries.py wrote; its card is JSON. */
export async function readTiny(id: string): Promise<{ card: ModelCard; folder: URL }> {
  const folder = new URL(`../fixtures/zoo/${id}/`, import.meta.url);
  return { card: JSON.parse(await Deno.readTextFile(new URL("model.yml", folder))), folder };
}

/** A family opened on a tiny entry. */
export interface Opened extends AsyncDisposable {
  card: ModelCard;
  model: Model;
}

/** Opens the graphs of a tiny entry on the CPU; `change` may alter its card. */
export async function openTiny(
  id: string,
  change: (card: ModelCard) => ModelCard = (card) => card,
): Promise<Opened> {
  const { card: written, folder } = await readTiny(id);
  const card = change(written);
  const graphs = await Promise.all(
    Object.entries(card.graphs).map(async ([name, { file }]) => ({
      name,
      bytes: await Deno.readFile(new URL(file, folder)),
    })),
  );
  const none = { sessions: {}, [Symbol.asyncDispose]: () => Promise.resolve() };
  const opened: Pick<OpenedSessions, "sessions" | typeof Symbol.asyncDispose> = graphs.length > 0
    ? await openSessions(graphs, { provider: "native", threads: 1 })
    : none;
  const model = families[card.family](card, opened.sessions);
  return { card, model, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

/** A network that is a function of tensors. */
export type NetworkFunction = (
  inputs: Readonly<Record<string, Tensor>>,
) => Promise<Record<string, Tensor>>;

/** A session of such a network. */
export function sessionOf(network: NetworkFunction): Session {
  const run: Session["run"] = async (inputs) => {
    const values: Record<string, Tensor> = {};
    for (const [name, input] of Object.entries(inputs)) values[name] = await valuesOf(input);
    return await network(values);
  };
  return {
    provider: "native",
    run,
    place: heldHere,
    sum: sumHere,
    ...patchesHere,
    hold: async (inputs) => allHeldHere(await run(inputs)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Opens a family on a card and on networks that are functions of tensors. */
export function openFunctions(
  family: Family,
  card: Partial<ModelCard>,
  networks: Readonly<Record<string, NetworkFunction>>,
): Promise<Opened> {
  const dispose = () => Promise.resolve();
  const sessions = Object.fromEntries(
    Object.entries(networks).map(([name, network]) => [name, sessionOf(network)]),
  );
  const whole = { id: "functions", family: "functions", graphs: {}, ...card } as ModelCard;
  return Promise.resolve({
    card: whole,
    model: family(whole, sessions),
    [Symbol.asyncDispose]: dispose,
  });
}

/** The noise of seed 1 in a region that starts at `origin` on the low-resolution grid. */
export function noiseFrom(origin: NoiseOrigin = { x: 0, y: 0 }): SampleInput["noise"] {
  return (draw, dims, ratio) => {
    const start = { x: origin.x * ratio, y: origin.y * ratio };
    return new HeldNoise({ index: { seed: 1, sample: 0, draw }, dims, origin: start, scale: 1 });
  };
}

/** An image with edges, gradients and texture, in [-1, 1]. */
export function testPicture(height: number, width: number): Tensor {
  const data = Float32Array.from({ length: 3 * height * width }, (_, i) => {
    const x = i % width, y = Math.floor(i / width) % height, c = Math.floor(i / width / height);
    const edge = (x + 2 * y) % 17 < 8 ? 0.4 : -0.4;
    return edge + 0.3 * Math.sin(x / 3 + c) + 0.2 * Math.cos(x * y / 7);
  });
  return tensor([1, 3, height, width], data);
}

/** Draws one sample to its end. */
export async function sampleOf(
  { model, card }: Pick<Opened, "model" | "card">,
  lr: Tensor,
  choices: Partial<SampleInput> & { tiling?: Tiling } = {},
): Promise<Tensor> {
  const { tiling = { ...whole, multiple: card.tiling?.multiple ?? 1 }, ...rest } = choices;
  const conditioned = await model.condition!({ lr, tiling, signal: rest.signal });
  return await drain(conditioned.sample({
    sampler: card.diffusion?.sampler ?? "ddim",
    steps: card.steps?.default ?? 1,
    fidelity: 1,
    noise: noiseFrom(),
    ...rest,
  }));
}

const whole: Tiling = { size: 512, overlap: 0, multiple: 1 };

/** Largest difference between two images, in bytes. */
export function bytesApart(a: Tensor, b: Tensor): number {
  expect(a.dims).toEqual(b.dims);
  return 127.5 * largestDifference(a.data, b.data);
}

/**
 * Tests one family.
 *
 * @param open Opens an entry of the family.
 * @param tolerance Largest difference between an image made in tiles and one made whole, in bytes.
 */
export function testFamily(name: string, open: () => Promise<Opened>, tolerance: number): void {
  Deno.test(`${name}() enlarges images of any size`, async () => {
    await using entry = await open();
    for (const [height, width] of [[1, 1], [1, 7], [5, 2], [13, 18]]) {
      const { dims, data } = await sampleOf(entry, testPicture(height, width));
      expect(dims).toEqual([1, 3, height * entry.card.scale, width * entry.card.scale]);
      expect(data.every(Number.isFinite)).toBe(true);
    }
  });

  Deno.test(`${name}() gives an enlarged version of its input`, async () => {
    await using entry = await open();
    const lr = testPicture(24, 24);
    const { data } = await sampleOf(entry, lr);
    const { scale } = entry.card;
    const error = data.reduce((sum, v, i) => {
      const y = Math.floor(i / (24 * scale) / scale), x = Math.floor(i % (24 * scale) / scale);
      return sum + (v - lr.data[y * 24 + x]) ** 2;
    }, 0) / data.length;
    expect(error).toBeLessThan(0.05); // the image's own variance is about 0.2
  });

  Deno.test(`${name}() gives the same image in tiles as whole, within ${tolerance}/255`, async () => {
    await using entry = await open();
    const lr = testPicture(67, 90);
    const full = await sampleOf(entry, lr);
    const tiling = entry.card.tiling ?? { ...whole, size: 16, overlap: 4 };
    for (const size of [tiling.size, tiling.size - 8]) {
      const tiled = await sampleOf(entry, lr, { tiling: { ...tiling, size } });
      expect(bytesApart(tiled, full)).toBeLessThanOrEqual(tolerance);
    }
  });

  Deno.test(`${name}() gives the same image again, and reports each step`, async () => {
    await using entry = await open();
    const lr = testPicture(12, 16);
    const first = await sampleOf(entry, lr);
    expect((await sampleOf(entry, lr)).data).toEqual(first.data);
    const tiling = { ...whole, multiple: entry.card.tiling?.multiple ?? 1 };
    const conditioned = await entry.model.condition!({ lr, tiling });
    const steps = entry.card.steps?.default ?? 1;
    const seen = [];
    const generator = conditioned.sample({
      sampler: "ddim",
      steps,
      fidelity: 1,
      noise: noiseFrom(),
    });
    for await (const { step, steps, image } of generator) {
      expect((await image()).dims).toEqual(first.dims);
      seen.push([step, steps]);
    }
    expect(seen).toEqual(Array.from({ length: steps }, (_, i) => [i + 1, steps]));
  });

  Deno.test(`${name}() gives each image to its caller, who may change it, unless it is the estimate`, async () => {
    await using entry = await open();
    const lr = testPicture(8, 8);
    const tiling = { ...whole, multiple: entry.card.tiling?.multiple ?? 1 };
    const conditioned = await entry.model.condition!({ lr, tiling });
    const steps = entry.card.steps?.default ?? 1;
    for (const fidelity of [1, 0]) {
      const how = { sampler: "ddim", steps, fidelity, noise: noiseFrom() } as const;
      const first = await drain(conditioned.sample(how));
      const before = first.data.slice();
      if (first !== conditioned.estimate) first.data.fill(NaN);
      expect((await drain(conditioned.sample(how))).data).toEqual(before);
    }
    conditioned.dispose?.();
  });

  Deno.test(`${name}() gives a crop the same pixels as the whole`, async () => {
    await using entry = await open();
    const lr = testPicture(60, 60);
    const { scale } = entry.card;
    const window = { x: 10, y: 12, width: 40, height: 44 };
    const offset = { x: window.x * scale, y: window.y * scale };
    const part = await sampleOf(entry, crop(lr, window), {
      noise: noiseFrom(window),
    });
    const inner = { x: 18 * scale, y: 18 * scale, width: 4 * scale, height: 8 * scale };
    const there = { ...inner, x: inner.x + offset.x, y: inner.y + offset.y };
    const expected = crop(await sampleOf(entry, lr), there);
    expect(bytesApart(crop(part, inner), expected)).toBeLessThan(0.01);
  });

  Deno.test(`${name}() gives the same image in regions as whole, within ${tolerance + 1}/255`, async () => {
    await using entry = await open();
    const source = toImage(testPicture(120, 150));
    const { card, model } = entry;
    const options = model.generative ? { seed: 1 } : {};
    const draw = async (memory: number) => {
      const plan = planUpscale(card, model, source, { ...options, memory });
      const { rows, columns } = plan.regions;
      const [image] = await drain(enlarge({ card, model }, source, plan));
      return { image, regions: rows.length * columns.length };
    };
    const one = await draw(4e9);
    // The smallest memory that is accepted, so that there are several regions.
    let memory = 210e6;
    while (refuses(() => planUpscale(card, model, source, { ...options, memory }))) memory += 1e6;
    const many = await draw(memory);
    expect([one.regions, many.regions > 1]).toEqual([1, true]);
    const difference = largestDifference(many.image.data, one.image.data);
    expect(difference).toBeLessThanOrEqual(tolerance + 1);
  });
}

/** Whether a call throws. */
function refuses(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch {
    return true;
  }
}
