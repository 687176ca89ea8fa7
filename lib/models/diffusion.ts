/** The one loop of all diffusion families: trajectory, sampler, steps. @module */

import { samplers } from "../diffusion/samplers/mod.ts";
import type { NoiseSchedule } from "../diffusion/schedule.ts";
import { walk as walkChain } from "../diffusion/walk.ts";
import type { Session } from "../runtime/session.ts";
import { GoneError, type Held, isHeld, valuesOf } from "../tensor/held.ts";
import { release, type Tensor } from "../tensor/tensor.ts";
import type { Diffusion, ModelCard } from "../zoo/card.ts";
import { denoiser, type Scene } from "./denoiser.ts";
import { keep, type Kept } from "./kept.ts";
import { type ConditionInput, type Frame, graphNamed, type Model } from "./model.ts";
import type { SampleInput, SampleStep } from "./model.ts";
import { damageMap, restoreOption } from "./restore.ts";
import { scheduleFor } from "./schedule.ts";
import { type State, stateOver } from "./state.ts";
import type { Time } from "./time.ts";
import { diffusionOf, trajectoryOf } from "./trajectory.ts";

/** Differences between diffusion families. */
export type DiffusionKind = Network & Preparation;

/** The network of a family. */
interface Network {
  /** How it gets the time. */
  time: Time;
  /** Its inputs besides the state `x` and the time: names of the graph's inputs. */
  feeds: readonly string[];
  /** Network calls that all samples of a tile share. */
  shared: number;
}

/** Prepares one image, or an empty frame if the entry generates images without an input. */
type Preparation =
  | { scene(input: ConditionInput): Promise<Scene> }
  | { blank(frame: Frame): Scene };

/** An opened card. */
interface Entry {
  card: ModelCard;
  diffusion: Diffusion;
  schedule: NoiseSchedule;
  sessions: Readonly<Record<string, Session>>;
  time: Time;
}

/** How one image is sampled. */
interface Walk extends SampleInput, Pick<ConditionInput, "tiling" | "restore"> {
  kept: Pick<Kept<Scene>, "value" | "renew">;
  state: State;
}

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
  const walk = (how: Pick<Walk, "kept" | "tiling" | "restore">) => (choices: SampleInput) =>
    sample(entry, { ...choices, ...how, state: stateOver(how.kept.value.base, diffusion) });
  const common = ["seed", "samples", "sampler", "steps", "temperature", "noise", "guide"] as const;
  const model = {
    accepts: common,
    generative: true,
    calls: ({ samples, steps }: Parameters<Model["calls"]>[0]) => kind.shared + samples * steps,
    graphOf: (steps: number) => trajectoryOf(card, steps).graph,
  };
  if ("blank" in kind) {
    const begin = (frame: Frame) => {
      const kept = { value: kind.blank(frame), renew: () => Promise.resolve() };
      return { sample: walk({ kept, tiling: frame.tiling }) };
    };
    return { ...model, begin };
  }
  return {
    ...model,
    accepts: [...common, "fidelity", ...restoreOption(card)],
    damage: damageMap(card, sessions),
    async condition(input) {
      const kept = await keep(() => kind.scene(input), ({ fed }) => fed);
      const estimate = diffusion.base === "estimate" ? kept.value.base : undefined;
      const { tiling, restore } = input;
      return { estimate, dispose: kept.dispose, sample: walk({ kept, tiling, restore }) };
    },
  };
}

/** Names of the graphs that predict: those of trained steps, and the one for all others. */
function networksOf({ steps }: ModelCard, sessions: Entry["sessions"]): Set<string> {
  const trained = steps?.trained.map(({ graph }) => graph) ?? [];
  return new Set(sessions.denoiser || trained.length === 0 ? ["denoiser", ...trained] : trained);
}

/** Samples, and starts over if a GPU has lost the state or the features; no step is yielded twice. */
async function* sample(entry: Entry, walk: Walk): AsyncGenerator<SampleStep, Tensor> {
  for (let told = 0;;) {
    const chain = chainOf(entry, walk);
    try {
      let next = await chain.next();
      for (; !next.done; next = await chain.next()) {
        if (next.value.step <= told) continue;
        yield next.value;
        told = next.value.step;
      }
      return next.value;
    } catch (error) {
      if (!(error instanceof GoneError)) throw error;
    } finally {
      await chain.return(walk.kept.value.base);
    }
    await walk.kept.renew();
  }
}

/** Samples from noise to x0; each step can make the image of its estimate of x0. */
async function* chainOf(entry: Entry, walk: Walk): AsyncGenerator<SampleStep, Tensor> {
  const { schedule, card, diffusion, sessions, time } = entry;
  const { state, signal, kept: { value: scene } } = walk;
  const { timesteps, start, graph } = trajectoryOf(card, walk.steps);
  const session = sessions[graph];
  const dims = [1, 3, ...scene.grid.map((size) => size * card.scale)];
  const noise = (draw: number) => walk.noise(draw, dims, card.scale);
  const image = async (x0: Tensor | Held) => state.image(await valuesOf(x0, signal), walk.fidelity);
  const drawn = await noise(0);
  const first = start === "noise"
    ? await valuesOf(drawn, signal)
    : await state.noised(schedule.alphaBar[timesteps[0]], drawn);
  const placed = session.place(first);
  const steps = walkChain<Tensor | Held>(samplers[walk.sampler], {
    denoise: denoiser({ ...walk, scene, session, time, schedule, diffusion }),
    schedule,
    timesteps,
    start: placed,
    noise,
    arithmetic: {
      sum: (terms, options) => session.sum(terms, options),
      free,
    },
    variance: diffusion.variance,
    signal,
  });
  let last: Tensor | Held | undefined;
  try {
    let next = await steps.next();
    for (; !next.done; next = await steps.next()) {
      const { step, steps, x0, from } = next.value;
      yield { step, steps, image: () => image(x0), state: () => image(from) };
    }
    last = next.value;
    const spent = await valuesOf(last, signal);
    if (spent === last) last = undefined; // the image may be in its memory
    return state.image(spent, walk.fidelity, true);
  } finally {
    await steps.return(placed);
    for (const value of [placed, first, last]) if (value) free(value);
  }
}

/** Frees the memory of a state, wherever it is. */
function free(value: Tensor | Held): void {
  if (isHeld(value)) value.dispose();
  else release(value);
}
