/** Diffusion of the image itself, with or without an enlarged input beside it. @module */

import { ManifestError } from "../errors.ts";
import type { Session } from "../runtime/session.ts";
import { tensor } from "../tensor/tensor.ts";
import { crop } from "../tensor/window.ts";
import type { ModelCard } from "../zoo/card.ts";
import type { Scene } from "./denoiser.ts";
import { diffusionModel } from "./diffusion.ts";
import { enlargements } from "./enlargements.ts";
import { gridOf } from "./grid.ts";
import type { ConditionInput, Frame, Model } from "./model.ts";
import type { Time } from "./time.ts";
import { diffusionOf } from "./trajectory.ts";

/**
 * Runs the graph `denoiser` (`x`, the time, and `condition` if the card says how it is enlarged, to
 * `prediction`). There is no encoder: the base, if any, is computed.
 *
 * @param time How the graph gets the time, which is what the families differ in.
 */
export function imageDiffusion(
  card: ModelCard,
  sessions: Readonly<Record<string, Session>>,
  time: Time,
): Model {
  const { base, condition } = diffusionOf(card);
  if (base === "estimate" || (!condition && base !== "none")) {
    throw new ManifestError(
      `${card.id}#diffusion.base`,
      `the family "${card.family}" ${
        condition ? "has no encoder" : "has no input where there is no condition"
      }: it cannot be "${base}"`,
    );
  }
  if (!condition) {
    const blank = (frame: Frame) => blankScene(card, frame);
    return diffusionModel(card, sessions, { time, feeds: [], shared: 0, blank });
  }
  const scene = ({ lr, tiling }: ConditionInput): Promise<Scene> => {
    const [, , rows, columns] = lr.dims;
    const grid = gridOf(card, { width: columns, height: rows }, tiling);
    const size = { width: columns * card.scale, height: rows * card.scale };
    const enlarged = enlargements[condition](lr, size);
    const least = base === "none" || base === condition ? enlarged : enlargements[base](lr, size);
    const [height, width] = grid.map((side) => side * card.scale);
    const padded = crop(enlarged, { x: 0, y: 0, width, height });
    const [session] = Object.values(sessions);
    const fed = { condition: session.place(padded) }; // each step takes it
    return Promise.resolve({ grid, fed, base: least });
  };
  return diffusionModel(card, sessions, { time, feeds: ["condition"], shared: 0, scene });
}

/** A gray base of the frame's size, for an image without an input. */
function blankScene(card: ModelCard, frame: Frame): Scene {
  return {
    grid: gridOf(card, frame, frame.tiling),
    fed: {},
    base: tensor([1, 3, frame.height * card.scale, frame.width * card.scale]),
  };
}
