/** SRDiff: diffusion of the residual over a base image (Li et al. 2021). @module */

import { crop } from "../tensor/window.ts";
import { diffusionModel } from "./diffusion.ts";
import { encodeImage } from "./encoder.ts";
import { enlargements } from "./enlargements.ts";
import { onGrid } from "./grid.ts";
import { type Family, graphNamed } from "./model.ts";
import { restoreInput } from "./restore.ts";
import { timestep } from "./time.ts";
import { diffusionOf } from "./trajectory.ts";

/**
 * Runs the graphs `encoder` (`lr` to `features` and, for the base `estimate`, `estimate`) and `denoiser` or
 * another that the card names for trained steps (`x`, `t`, `features` to `prediction`).
 *
 * Entries for damaged images also take `restore` `[n]`, and may have a graph `damage` (`lr` to `damage`).
 *
 * The state is x0 = residualScale * (hr - base) on the high-resolution grid.
 */
export const srdiff: Family = (card, sessions) => {
  const encoder = graphNamed(card, sessions, { name: "encoder", inputs: ["lr"] });
  const { base } = diffusionOf(card);
  return diffusionModel(card, sessions, {
    time: timestep,
    feeds: ["features"],
    shared: 1,
    async scene({ lr, tiling, restore, signal, onTile }) {
      const own = base === "estimate" || base === "none";
      const { padded, grid } = onGrid(card, { lr, tiling });
      const dial = restoreInput(encoder, restore);
      const { features, estimate } = await encodeImage(
        (inputs) => {
          const [n, , h, w] = inputs.lr.dims;
          const image = { estimate: [n, 3, h * card.scale, w * card.scale] };
          const outputs = { features: [n, undefined, h, w], ...own ? image : {} };
          return encoder.hold({ ...inputs, ...dial }, { signal, outputs });
        },
        padded,
        { tiling, grid, patches: encoder, signal, onTile },
      );
      const size = { width: lr.dims[3] * card.scale, height: lr.dims[2] * card.scale };
      return {
        grid,
        fed: features,
        base: own ? crop(estimate!, { x: 0, y: 0, ...size }) : enlargements[base](lr, size),
      };
    },
  });
};
