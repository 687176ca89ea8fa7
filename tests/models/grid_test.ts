import { expect } from "expect";
import { onGrid } from "../../lib/models/grid.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import type { ModelCard } from "../../lib/zoo/card.ts";

Deno.test("onGrid() pads to the multiple, and to the card's minimum", () => {
  const lr = tensor([1, 1, 2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
  const padded = (multiple: number, minimum?: number) => {
    const tiling = { size: 32, overlap: 4, multiple, blended: false };
    return onGrid({ tiling: { ...tiling, minimum } } as ModelCard, { lr, tiling });
  };
  expect(padded(1)).toEqual({ padded: lr, grid: [2, 3] });
  expect(padded(2).grid).toEqual([2, 4]);
  expect([...padded(2).padded.data]).toEqual([1, 2, 3, 3, 4, 5, 6, 6]);
  expect(padded(2, 5).grid).toEqual([6, 6]);
  expect(padded(2, 5).padded.dims).toEqual([1, 1, 6, 6]);
});
