/** The network of a diffusion as its samplers see it: x0 of the whole image, predicted tile by tile. @module */

import { x0Weights } from "../diffusion/posterior.ts";
import type { NoiseSchedule } from "../diffusion/schedule.ts";
import type { Denoise } from "../diffusion/walk.ts";
import type { Session } from "../runtime/session.ts";
import { disposeAll, type Held, valuesOf } from "../tensor/held.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { overTiles } from "../tiling.ts";
import type { Diffusion } from "../zoo/card.ts";
import type { Grid } from "./grid.ts";
import type { ConditionInput, SampleInput } from "./model.ts";
import { restoreInput } from "./restore.ts";
import type { State } from "./state.ts";
import type { Time } from "./time.ts";

/** One image as its network sees it. */
export interface Scene {
  /** Sizes of the low-resolution grid, padded to what the network takes. */
  grid: Grid;
  /** Inputs of the network besides the state and the time, by the names of the graph's inputs. */
  fed: Readonly<Record<string, Tensor | Held>>;
  /** The image with the least error, `[1, 3, h*scale, w*scale]`: what `fidelity` 0 gives. */
  base: Tensor;
}

/** The network, the image, and how to process it. */
export interface DenoiserInput
  extends
    Pick<ConditionInput, "tiling" | "restore">,
    Pick<SampleInput, "guide" | "signal" | "onTile"> {
  /** Runs the graph that predicts. */
  session: Session;
  /** How the graph gets the time. */
  time: Time;
  /** The levels of noise. */
  schedule: NoiseSchedule;
  /** The card's settings of the diffusion. */
  diffusion: Diffusion;
  /** The image. */
  scene: Scene;
  /** Converts between images and states. */
  state: State;
}

/** Makes the function of the samplers: from the state at an index of the schedule to its estimate of x0. */
export function denoiser(
  { session, time, schedule, diffusion, scene, state, ...how }: DenoiserInput,
): Denoise<Tensor | Held> {
  const { tiling, signal, onTile, guide } = how;
  const { fed, grid } = scene;
  const dial = restoreInput(session, how.restore);
  return async (x, t) => {
    const told = { [time.input]: tensor([1], Float32Array.of(time.at(t, schedule))) };
    const { prediction } = await overTiles(
      { x, ...fed },
      (inputs) => {
        const outputs = { prediction: inputs.x.dims };
        return session.hold({ ...inputs, ...told, ...dial }, { signal, outputs });
      },
      { tiling, grid, patches: session, signal, onTile },
    );
    const { prediction: kind, clip } = diffusion;
    const [a, b] = x0Weights(kind, schedule.alphaBar[t]);
    const terms = [[a, prediction], ...b === 0 ? [] : [[b, x] as const]] as const;
    // Nobody else holds the prediction.
    const x0 = await session.sum(terms, { limit: clip, spent: prediction, signal });
    if (!guide) return x0;
    try {
      return state.guided(await valuesOf(x0, signal), guide);
    } finally {
      disposeAll([x0]);
    }
  };
}
