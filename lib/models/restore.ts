/** The dial for damage: an input of the graphs of entries that were trained on damaged images. @module */

import type { Session } from "../runtime/session.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { overTiles } from "../tiling.ts";
import type { ModelCard } from "../zoo/card.ts";
import { onGrid } from "./grid.ts";
import type { ConditionInput, FamilyOption, ModelFacts } from "./model.ts";

/** The option, if the card has the dial. */
export function restoreOption({ restore }: ModelCard): FamilyOption[] {
  return restore ? ["restore"] : [];
}

/** The input `restore` `[1]`, if the graph has it. */
export function restoreInput({ inputs }: Session, value?: number): Record<string, Tensor> {
  if (value === undefined || inputs?.includes("restore") === false) return {};
  return { restore: tensor([1], Float32Array.of(value)) };
}

/**
 * How damaged an image is, by the graph `damage`: `lr` `[n, 3, h, w]` in [-1, 1] to `damage` `[n, 1, h, w]` in
 * 0 to 1. The local estimates, `[1, 1, h, w]`; absent where the entry has no such graph.
 */
export function damageMap(
  card: ModelCard,
  { damage: session }: Readonly<Record<string, Session>>,
): ModelFacts["damage"] {
  if (!session) return undefined;
  return async ({ lr, tiling, signal }: ConditionInput): Promise<Tensor> => {
    const { padded, grid } = onGrid(card, { lr, tiling });
    const { damage } = await overTiles({ lr: padded }, (inputs) => {
      const [n, , h, w] = inputs.lr.dims;
      return session.run(inputs, { signal, outputs: { damage: [n, 1, h, w] } });
    }, { tiling, grid, signal });
    return damage;
  };
}
