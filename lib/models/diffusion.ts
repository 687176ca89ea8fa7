/** The one loop of all diffusion families: trajectory, sampler, tiled network, guide. @module */

import { x0Of } from "../diffusion/posterior.ts";
import { samplers } from "../diffusion/samplers/mod.ts";
import type { Denoise } from "../diffusion/samplers/sampler.ts";
import type { NoiseSchedule } from "../diffusion/schedule.ts";
import type { Session } from "../runtime/session.ts";
import { mix, scaleBy } from "../tensor/linear.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { crop } from "../tensor/window.ts";
import { alignUp, overTiles } from "../tiling.ts";
import type { Diffusion, ModelCard } from "../zoo/card.ts";
import { guided } from "./guide.ts";
import {
  type Conditioned,
  type ConditionInput,
  type Frame,
  graphNamed,
  type Model,
} from "./model.ts";
import type { SampleInput, SampleStep } from "./model.ts";
import { damageMap, restoreInput, restoreOption } from "./restore.ts";
import { scheduleFor } from "./schedule.ts";
import { diffusionOf, trajectoryOf } from "./trajectory.ts";

/** What a diffusion family says of itself; the rest is the same for all. */
export interface DiffusionKind {
  /** How the network is told the time: the graph's input and its value at an index of the schedule. */
  time: { input: string; at(t: number, schedule: NoiseSchedule): number };
  /** What else the network is given, beside the state `x` and the time: names of the graph's inputs. */
  feeds: readonly string[];
  /** Network calls that all samples of a tile share. */
  shared: number;
  /** Prepares one image; absent where the entry generates images without an input. */
  scene?(input: ConditionInput): Promise<Scene>;
}

/** One image as its network sees it. */
export interface Scene {
  /** Sizes of the low-resolution grid, padded to what the network takes. */
  grid: readonly [height: number, width: number];
  /** What the network is given beside the state and the time, by the names of the graph's inputs. */
  fed: Readonly<Record<string, Tensor>>;
  /**
   * The image of least error at hand, `[1, 3, h*scale, w*scale]`: what `fidelity` 0 gives. The state is
   * x0 = residualScale * (hr - base), or residualScale * hr where the card's base is `none`.
   */
  base: Tensor;
}

/** A card, opened. */
interface Entry {
  card: ModelCard;
  diffusion: Diffusion;
  schedule: NoiseSchedule;
  sessions: Readonly<Record<string, Session>>;
  time: DiffusionKind["time"];
}

/** Time told as the index of the schedule, in the input `t`. */
export const timestep: DiffusionKind["time"] = { input: "t", at: (t) => t };

/** Time told as the level sqrt(alphaBar_t), in the input `level` (SR3's sqrt(gamma)). */
export const noiseLevel: DiffusionKind["time"] = {
  input: "level",
  at: (t, { alphaBar }) => Math.sqrt(alphaBar[t]),
};

/** Opens a diffusion family on a card. */
export function diffusionModel(
  card: ModelCard,
  sessions: Readonly<Record<string, Session>>,
  kind: DiffusionKind,
): Model {
  const diffusion = diffusionOf(card);
  const schedule = scheduleFor(diffusion.samplingSchedule ?? diffusion.schedule);
  const entry = { card, diffusion, schedule, sessions, time: kind.time };
  for (const name of networksOf(card, sessions)) {
    graphNamed(card, sessions, { name, inputs: ["x", kind.time.input, ...kind.feeds] });
  }
  const { scene: prepare } = kind;
  const common = ["seed", "samples", "sampler", "steps", "temperature", "noise", "guide"] as const;
  const model = {
    accepts: common,
    generative: true,
    calls: ({ samples, steps }: Parameters<Model["calls"]>[0]) => kind.shared + samples * steps,
    graphOf: (steps: number) => trajectoryOf(card, steps).graph,
  };
  if (!prepare) return { ...model, begin: (frame) => begin(entry, frame) };
  return {
    ...model,
    accepts: [...common, "fidelity", ...restoreOption(card)],
    damage: damageMap(card, sessions),
    async condition(input) {
      const scene = await prepare(input);
      const estimate = diffusion.base === "estimate" ? scene.base : undefined;
      const { tiling, restore } = input;
      return { estimate, sample: (choices) => sample(entry, scene, { tiling, restore }, choices) };
    },
  };
}

/** Names of the graphs that predict: those of trained steps, and the one for all others. */
function networksOf({ steps }: ModelCard, { denoiser }: Entry["sessions"]): Set<string> {
  const trained = steps?.trained.map(({ graph }) => graph) ?? [];
  return new Set(denoiser || trained.length === 0 ? ["denoiser", ...trained] : trained);
}

/** An image without an input: the base is gray. */
function begin(entry: Entry, { width, height, tiling }: Frame): Conditioned {
  const { scale, tiling: cut } = entry.card;
  const least = cut?.minimum ?? 1;
  const up = (size: number) => alignUp(Math.max(size, least), tiling.multiple);
  const scene = {
    grid: [up(height), up(width)] as const,
    fed: {},
    base: tensor([1, 3, height * scale, width * scale]),
  };
  return { sample: (choices) => sample(entry, scene, { tiling }, choices) };
}

/** Walks from noise to x0; each step's image is (1 - fidelity) * base + fidelity * (the estimate of hr). */
async function* sample(
  entry: Entry,
  scene: Scene,
  how: Pick<ConditionInput, "tiling" | "restore">,
  choices: SampleInput,
): AsyncGenerator<SampleStep, Tensor> {
  const { schedule, card, diffusion } = entry;
  const { timesteps, start, graph } = trajectoryOf(card, choices.steps);
  const dims = [1, 3, ...scene.grid.map((size) => size * card.scale)];
  const noise = (draw: number) => choices.noise(draw, dims, card.scale);
  const image = (x0: Tensor) => {
    const gain = choices.fidelity / diffusion.residualScale;
    const keep = diffusion.base === "none" ? 1 - choices.fidelity : 1;
    return mix(keep, scene.base, gain, crop(x0, areaOf(scene.base)));
  };
  const first = start === "noise" ? noise(0) : noised(entry, scene, timesteps[0], noise(0));
  const walk = samplers[choices.sampler]({
    denoise: denoiser(entry, entry.sessions[graph], scene, how, choices),
    schedule,
    timesteps,
    start: first,
    noise,
    variance: diffusion.variance,
    signal: choices.signal,
  });
  let x = first;
  let next = await walk.next();
  for (; !next.done; next = await walk.next()) {
    const { step, steps, x0, x: after } = next.value;
    const before = x;
    yield { step, steps, image: () => image(x0), state: () => image(before) };
    x = after;
  }
  return image(next.value);
}

/** The base noised to a timestep; where it is what the state is the residual over, that is noise alone. */
function noised({ diffusion, schedule }: Entry, { base }: Scene, t: number, noise: Tensor): Tensor {
  const alphaBar = schedule.alphaBar[t];
  const sigma = Math.sqrt(1 - alphaBar);
  if (diffusion.base !== "none") return scaleBy(sigma, noise);
  const [, , height, width] = noise.dims;
  const image = crop(base, { x: 0, y: 0, width, height });
  return mix(Math.sqrt(alphaBar) * diffusion.residualScale, image, sigma, noise);
}

/** The network as the sampler sees it: the whole image's x0. */
function denoiser(
  entry: Entry,
  session: Session,
  scene: Scene,
  { tiling, restore }: Pick<ConditionInput, "tiling" | "restore">,
  choices: SampleInput,
): Denoise {
  const { diffusion, schedule, time } = entry;
  const { signal, onTile, guide } = choices;
  const dial = restoreInput(session, restore);
  return async (x, t) => {
    const told = { [time.input]: tensor([1], Float32Array.of(time.at(t, schedule))) };
    const { prediction } = await overTiles(
      { x, ...scene.fed },
      (inputs) => {
        const outputs = { prediction: inputs.x.dims };
        return session.run({ ...inputs, ...told, ...dial }, { signal, outputs });
      },
      { tiling, grid: scene.grid, signal, onTile },
    );
    const x0 = x0Of(diffusion.prediction, prediction, x, schedule.alphaBar[t], diffusion.clip);
    return guide ? guided(x0, diffusion, scene.base, guide) : x0;
  };
}

/** The window of an image from its first pixel on. */
function areaOf({ dims }: Tensor): { x: 0; y: 0; width: number; height: number } {
  return { x: 0, y: 0, width: dims[3], height: dims[2] };
}
