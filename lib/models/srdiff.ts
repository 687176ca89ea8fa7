/** SRDiff: diffusion of the residual over a base picture (Li et al. 2021). @module */

import { x0Of } from "../diffusion/posterior.ts";
import { samplers } from "../diffusion/samplers/mod.ts";
import type { Denoise } from "../diffusion/samplers/sampler.ts";
import { cosineSchedule, linearSchedule, type NoiseSchedule } from "../diffusion/schedule.ts";
import { spacedTimesteps } from "../diffusion/schedule.ts";
import { ManifestError } from "../errors.ts";
import { resize } from "../image/resize.ts";
import type { Session } from "../runtime/session.ts";
import { mix, scaleBy } from "../tensor/linear.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { crop, padTo } from "../tensor/window.ts";
import { overTiles } from "../tiling.ts";
import type { ModelCard } from "../zoo/card.ts";
import { type Conditioned, type ConditionInput, type Family, graphNamed } from "./model.ts";
import type { Guide, SampleInput, SampleStep } from "./model.ts";

type Diffusion = NonNullable<ModelCard["diffusion"]>;

/** A card, opened. */
interface Entry {
  card: ModelCard;
  diffusion: Diffusion;
  schedule: NoiseSchedule;
  sessions: Readonly<Record<string, Session>>;
}

/** The part of the chain that a number of steps visits. */
export interface Trajectory {
  /** Name of the graph that predicts. */
  graph: string;
  /** Indices of the schedule, descending. */
  timesteps: readonly number[];
  /** Whether the state begins as pure noise, or as the estimate noised to the first level. */
  start: "noise" | "estimate";
}

/**
 * Runs the graphs `encoder` (`lr` to `features` and, for the base `estimate`, `estimate`) and `denoiser` or
 * another that the card names for trained steps (`x`, `t`, `features` to `prediction`).
 *
 * The state is x0 = residualScale * (hr - base) on the high-resolution grid.
 */
export const srdiff: Family = (card, sessions) => {
  const { diffusion } = card;
  if (!diffusion) throw new ManifestError(`${card.id}#diffusion`, "the family srdiff needs it");
  graphNamed(card, sessions, "encoder");
  const entry = { card, diffusion, schedule: scheduleFor(diffusion.schedule), sessions };
  return {
    accepts: ["seed", "samples", "sampler", "steps", "temperature", "fidelity"],
    graphOf: (steps) => trajectoryOf(card, steps).graph,
    condition: (input) => condition(entry, input),
  };
};

/**
 * Which graph, timesteps and start a number of steps takes: those of the card if it was trained for them,
 * otherwise the graph `denoiser` from pure noise over evenly spaced timesteps.
 */
export function trajectoryOf(card: ModelCard, steps: number): Trajectory {
  const trained = card.steps?.trained.find((entry) => entry.steps === steps);
  if (trained) return trained;
  const timesteps = spacedTimesteps(card.diffusion?.schedule.timesteps ?? 1, steps);
  return { graph: "denoiser", timesteps, start: "noise" };
}

/** The schedule that a card describes. */
export function scheduleFor(schedule: Diffusion["schedule"]): NoiseSchedule {
  if (schedule.kind === "cosine") return cosineSchedule(schedule.timesteps, schedule.s);
  const { timesteps, first, last, lastForced } = schedule;
  return linearSchedule(timesteps, first, last, lastForced);
}

/** Encodes a picture once for all its samples. */
async function condition(entry: Entry, input: ConditionInput): Promise<Conditioned> {
  const { lr, tiling, signal, onTile } = input;
  const { encoder } = entry.sessions;
  const padded = padTo(lr, tiling.multiple, entry.card.tiling?.minimum);
  const grid = [padded.dims[2], padded.dims[3]] as const;
  const { features, estimate } = await overTiles(
    { lr: padded },
    (inputs) => encoder.run(inputs, { signal }),
    { tiling, grid, signal, onTile },
  );
  const base = baseOf(entry, lr, estimate);
  return {
    estimate: entry.diffusion.base === "estimate" ? base : undefined,
    sample: (choices) => sample(entry, { features, base, tiling, grid }, choices),
  };
}

/** What the residual is added to, `[1, 3, h*scale, w*scale]`. */
function baseOf({ card, diffusion }: Entry, lr: Tensor, estimate: Tensor): Tensor {
  const size = { width: lr.dims[3] * card.scale, height: lr.dims[2] * card.scale };
  if (diffusion.base === "estimate") return crop(estimate, { x: 0, y: 0, ...size });
  if (diffusion.base === "bicubic") return resize(lr, size);
  // SRDiff resizes bytes / 256, not / 255, then maps [0, 1] to [-1, 1].
  const up = resize(lr, size, { edge: "mirror" });
  return tensor(up.dims, up.data.map((value) => (value + 1) * 255 / 256 - 1));
}

/** What one sample works on. */
interface Scene extends Pick<ConditionInput, "tiling"> {
  features: Tensor;
  base: Tensor;
  grid: readonly [height: number, width: number];
}

/** Walks from noise to a residual; each step's picture is base + fidelity * x0 / residualScale. */
async function* sample(
  entry: Entry,
  scene: Scene,
  choices: SampleInput,
): AsyncGenerator<SampleStep, Tensor> {
  const { schedule, card, diffusion } = entry;
  const { timesteps, start, graph } = trajectoryOf(card, choices.steps);
  const [height, width] = scene.grid.map((size) => size * card.scale);
  const noise = (draw: number) => choices.noise(draw, [1, 3, height, width]);
  const gain = choices.fidelity / diffusion.residualScale;
  const picture = (x0: Tensor) => mix(1, scene.base, gain, crop(x0, areaOf(scene.base)));
  // The estimate is a residual of 0: noised to a level, it is that level's noise alone.
  const sigma = start === "noise" ? 1 : Math.sqrt(1 - schedule.alphaBar[timesteps[0]]);
  const walk = samplers[choices.sampler]({
    denoise: denoiser(entry, graphNamed(card, entry.sessions, graph), scene, choices),
    schedule,
    timesteps,
    start: scaleBy(sigma, noise(0)),
    noise,
    signal: choices.signal,
  });
  let next = await walk.next();
  for (; !next.done; next = await walk.next()) {
    const { step, steps, x0 } = next.value;
    yield { step, steps, picture: () => picture(x0) };
  }
  return picture(next.value);
}

/** The network as the sampler sees it: the whole picture's x0. */
function denoiser(entry: Entry, session: Session, scene: Scene, choices: SampleInput): Denoise {
  const { diffusion: { prediction: kind, clip }, schedule: { alphaBar } } = entry;
  const { signal, onTile, guide } = choices;
  return async (x, t) => {
    const time = tensor([1], Float32Array.of(t));
    const { prediction } = await overTiles(
      { x, features: scene.features },
      (inputs) => session.run({ ...inputs, t: time }, { signal }),
      { tiling: scene.tiling, grid: scene.grid, signal, onTile },
    );
    const x0 = x0Of(kind, prediction, x, alphaBar[t], clip);
    return guide ? guided(x0, entry.diffusion, scene.base, guide) : x0;
  };
}

/** Moves x0 towards the residual of a guide, by its weight. */
function guided(x0: Tensor, { residualScale }: Diffusion, base: Tensor, guide: Guide): Tensor {
  const { width, height } = areaOf(base);
  const result = tensor(x0.dims, x0.data.slice());
  for (let row = 0; row < 3 * height; row++) {
    const channel = Math.floor(row / height);
    const to = (row + channel * (x0.dims[2] - height)) * x0.dims[3];
    for (let x = 0, i = row * width; x < width; x++, i++) {
      const target = residualScale * (guide.picture.data[i] - base.data[i]);
      const weight = guide.weight.data[i - channel * height * width];
      result.data[to + x] += weight * (target - result.data[to + x]);
    }
  }
  return result;
}

/** The window of a picture from its first pixel on. */
function areaOf({ dims }: Tensor): { x: 0; y: 0; width: number; height: number } {
  return { x: 0, y: 0, width: dims[3], height: dims[2] };
}
