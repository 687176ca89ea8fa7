/** Shared by the replays of image-space diffusion: one call, every state of the chain, the image. @module */

import type { NoiseSchedule } from "../../lib/diffusion/schedule.ts";
import { diffusionModel } from "../../lib/models/diffusion.ts";
import { enlargements } from "../../lib/models/enlargements.ts";
import { familyOf } from "../../lib/models/mod.ts";
import type { Conditioned, Model } from "../../lib/models/model.ts";
import { scheduleFor } from "../../lib/models/schedule.ts";
import { noiseLevel, type Time, timestep } from "../../lib/models/time.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import type { Tiling } from "../../lib/tiling.ts";
import { compare, type Comparison, limits } from "./comparison.ts";
import type { Entry } from "./entry.ts";
import { type Arrays, asTensor, itemOf, type NumberArray } from "../npz.ts";
import { need } from "./case.ts";

/** A recorded batch in this library's terms; the first axis of every array is the batch. */
export interface Recording {
  /** The enlarged input in [-1, 1], for networks that are given one. */
  readonly condition?: NumberArray;
  /** Noise `[n, 3, H, W]` of a draw: 0 is x_T, step i uses draw i. */
  noise(draw: number): NumberArray;
}

/** The recorded image. */
export interface RecordedImage {
  /** How its first item was drawn. */
  readonly recording: Recording;
  /** Name of the recorded array. */
  readonly name: string;
  /** Brings an image in [-1, 1] into the range of the recorded one. */
  ranged?(image: Tensor): Tensor;
}

/** A chain, replayed. */
export interface Chain {
  /** x_T and the state before every later step, `[n, 3, H, W]`. */
  readonly states: readonly Tensor[];
  /** The last state: the image before it is clamped to [-1, 1]. */
  readonly last: Tensor;
}

/** How the card's family passes the timestep to the network. */
export function timeOf({ card }: Entry): Time {
  return card.family === "ddpm" ? timestep : noiseLevel;
}

/** The schedule that the entry is sampled with. */
export function samplingScheduleOf({ card }: Entry): NoiseSchedule {
  const { schedule, samplingSchedule } = card.diffusion!;
  return scheduleFor(samplingSchedule ?? schedule);
}

/** One call of the network on recorded inputs. */
export async function call(
  entry: Entry,
  { x, time, condition }: Record<"x" | "time", NumberArray> & { condition?: NumberArray },
): Promise<Tensor> {
  const { prediction } = await entry.sessions.denoiser.run({
    x: asTensor(x),
    [timeOf(entry).input]: asTensor(time, [x.dims[0]]),
    ...condition && { condition: asTensor(condition) },
  });
  return prediction;
}

/** The chain of every item, by the library's loop on the recorded noise and enlarged inputs. */
export async function chain(entry: Entry, recording: Recording): Promise<Chain> {
  const [n, , height, width] = recording.noise(0).dims;
  const { card, sessions } = entry;
  const walks: Tensor[][] = [];
  for (let item = 0; item < n; item++) {
    const { condition } = recording;
    const enlarged = condition && asTensor(itemOf(condition, item), [1, 3, height, width]);
    const size = { height: height / card.scale, width: width / card.scale };
    const model = enlarged
      ? givenEnlarged(entry, enlarged, size)
      : familyOf(card.family)(card, sessions);
    const frame = { ...size, tiling: whole(size) };
    const begun = model.condition
      ? await model.condition({ lr: tensor([1, 3, size.height, size.width]), ...frame })
      : model.begin(frame);
    walks.push(await statesOf(entry, begun, recording, item).finally(() => begun.dispose?.()));
  }
  const steps = walks[0].map((_, i) => stacked(walks.map((walk) => walk[i])));
  return { states: steps.slice(0, -1), last: steps.at(-1)! };
}

/** The family's loop, on an input that was enlarged already. */
function givenEnlarged(
  entry: Entry,
  enlarged: Tensor,
  { height, width }: { height: number; width: number },
): Model {
  return diffusionModel(entry.card, entry.sessions, {
    time: timeOf(entry),
    feeds: ["condition"],
    shared: 0,
    scene: () =>
      Promise.resolve({ grid: [height, width], fed: { condition: enlarged }, base: enlarged }),
  });
}

/** The image of the first item, by the library's family from its low-resolution bytes `[h, w, 3]`. */
async function imageOf(
  entry: Entry,
  lr: NumberArray,
  recording: Recording,
): Promise<Tensor> {
  const model = familyOf(entry.card.family)(entry.card, entry.sessions);
  if (!model.condition) throw new TypeError("Cannot enlarge: the entry takes no input");
  const [height, width] = lr.dims;
  const begun = await model.condition({ lr: fromBytes(lr), tiling: whole({ height, width }) });
  const states = await statesOf(entry, begun, recording, 0).finally(() => begun.dispose?.());
  return states.at(-1)!;
}

/** Compares the image of the first item, made from its low-resolution bytes, with the recorded one. */
export async function compareImage(
  arrays: Arrays,
  entry: Entry,
  { recording, name, ranged = (image) => image }: RecordedImage,
): Promise<Comparison> {
  const image = ranged(await imageOf(entry, need(arrays, "lr_uint8"), recording));
  const recorded = itemOf(need(arrays, name), 0);
  const made = { ...image, dims: recorded.dims };
  return compare(`${name}, from the low-resolution bytes`, recorded, made, limits.trajectory);
}

/** The enlarged input that the card asks for, `[1, 3, H, W]`, of low-resolution bytes `[h, w, 3]`. */
export function enlargedBy({ card }: Entry, lr: NumberArray): Tensor {
  const [height, width] = lr.dims;
  const size = { height: height * card.scale, width: width * card.scale };
  return enlargements[card.diffusion!.condition!](fromBytes(lr), size);
}

/** The scale between the low-resolution bytes and the enlarged inputs; undefined if either is missing. */
export function scaleIn({ lr_uint8: lr }: Arrays, enlarged?: NumberArray): number | undefined {
  return lr && enlarged && enlarged.dims.at(-1)! / lr.dims[1];
}

/** The state before every step, and the last one. */
async function statesOf(
  { card }: Entry,
  begun: Conditioned,
  recording: Recording,
  item: number,
): Promise<Tensor[]> {
  const walk = begun.sample({
    sampler: "ddpm",
    steps: card.steps!.max,
    fidelity: 1,
    noise: (draw, dims) => asTensor(itemOf(recording.noise(draw), item), dims),
  });
  const states: Tensor[] = [];
  let next = await walk.next();
  for (; !next.done; next = await walk.next()) states.push(await next.value.state!());
  return [...states, next.value];
}

/** One tile over everything. */
function whole({ height, width }: { height: number; width: number }): Tiling {
  return { size: Math.max(height, width), overlap: 0, multiple: 1 };
}

/** Items `[1, ...]` as one batch. */
function stacked(items: readonly Tensor[]): Tensor {
  const [, ...rest] = items[0].dims;
  const size = items[0].data.length;
  const batch = tensor([items.length, ...rest]);
  items.forEach(({ data }, i) => batch.data.set(data, i * size));
  return batch;
}

/** `[h, w, 3]` bytes as `[1, 3, h, w]` in [-1, 1]. */
function fromBytes({ dims: [height, width], data }: NumberArray): Tensor {
  const lr = tensor([1, 3, height, width]);
  const area = height * width;
  for (let i = 0; i < lr.data.length; i++) {
    lr.data[i] = data[(i % area) * 3 + Math.floor(i / area)] / 127.5 - 1;
  }
  return lr;
}
