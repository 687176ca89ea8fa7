/** The loop of all samplers. @module */

import type { Arithmetic, Term } from "../tensor/arithmetic.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Levels, Sampler } from "./samplers/sampler.ts";

/** Estimates x0 from `x` at timestep `t` (an index of the schedule): the whole image, tiles joined. */
export type Denoise<State = Tensor> = (x: State, t: number) => Promise<State>;

/** Inputs of a walk besides its sampler. */
export interface WalkInput<State> extends Levels {
  /** The network, already turned into an estimate of x0. */
  denoise: Denoise<State>;
  /** The state at `timesteps[0]`, which stays as it is. */
  start: State;
  /** Standard normal noise times the temperature; draw 0 made `start`, steps use 1, 2, ... */
  noise: (draw: number) => State | Promise<State>;
  /** How states are summed: `tensors` if they are tensors. */
  arithmetic: Arithmetic<State>;
  /** Aborts the loop, which throws the signal's reason. */
  signal?: AbortSignal;
}

/** One step of a walk; its states may be freed when the next step is asked for. */
export interface WalkStep<State = Tensor> {
  /** Steps done, from 1. */
  step: number;
  /** Number of steps. */
  steps: number;
  /** The estimate of x0 at this step. */
  x0: State;
  /** The state that this step began with. */
  from: State;
  /** The state after this step. */
  x: State;
}

/** Walks from `start` to x0; returns the last state, which the caller then owns. */
export async function* walk<State>(
  sampler: Sampler,
  input: WalkInput<State>,
): AsyncGenerator<WalkStep<State>, State> {
  const { denoise, timesteps, noise, arithmetic, signal } = input;
  const weights = sampler(input);
  const steps = timesteps.length;
  const own = new Set<State>();
  const freeAllBut = (...kept: State[]) => {
    for (const state of own) {
      if (kept.includes(state)) continue;
      own.delete(state);
      arithmetic.free(state);
    }
  };
  let x = input.start;
  let before: State | undefined;
  try {
    for (const [i, t] of timesteps.entries()) {
      signal?.throwIfAborted();
      const x0 = await denoise(x, t);
      own.add(x0);
      const weight = weights[i];
      const terms: Term<State>[] = [[weight.x0, x0]];
      if (weight.x) terms.push([weight.x, x]);
      if (weight.noise) terms.push([weight.noise, await noise(i + 1)]);
      if (weight.before) terms.push([weight.before, before!]);
      const next = await arithmetic.sum(terms, { signal });
      own.add(next);
      yield { step: i + 1, steps, x0, from: x, x: next };
      freeAllBut(next, ...weights[i + 1]?.before ? [x0] : []);
      [x, before] = [next, x0];
    }
    own.delete(x);
    return x;
  } finally {
    freeAllBut();
  }
}
