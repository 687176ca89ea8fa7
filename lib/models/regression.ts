/** A network that gives the posterior mean: least error, one answer. @module */

import { crop } from "../tensor/window.ts";
import { overTiles } from "../tiling.ts";
import { settled } from "./bicubic.ts";
import { onGrid } from "./grid.ts";
import { type Family, graphNamed } from "./model.ts";
import { damageMap, restoreInput, restoreOption } from "./restore.ts";

/** Runs the graph `network`: `lr` `[n, 3, h, w]` in [-1, 1] (and `restore` `[n]`) to `sr` `[n, 3, h*scale, w*scale]`. */
export const regression: Family = (card, sessions) => {
  const network = graphNamed(card, sessions, { name: "network", inputs: ["lr"] });
  return {
    accepts: restoreOption(card),
    damage: damageMap(card, sessions),
    generative: false,
    calls: () => 1,
    async condition({ lr, tiling, restore, signal, onTile }) {
      const [, , height, width] = lr.dims;
      const { padded, grid } = onGrid(card, { lr, tiling });
      const { scale } = card;
      const dial = restoreInput(network, restore);
      const { sr } = await overTiles({ lr: padded }, (inputs) => {
        const [n, , h, w] = inputs.lr.dims;
        return network.run({ ...inputs, ...dial }, {
          signal,
          outputs: { sr: [n, 3, h * scale, w * scale] },
        });
      }, { tiling, grid, signal, onTile });
      return settled(crop(sr, { x: 0, y: 0, width: width * scale, height: height * scale }));
    },
  };
};
