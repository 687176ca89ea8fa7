import { expect } from "expect";
import { mirrored, sidesOf } from "../lib/border.ts";
import { crop } from "../lib/tensor/window.ts";
import { tensor } from "../lib/tensor/tensor.ts";

Deno.test("mirrored() reflects pixels at the border, starting with the outermost, as often as needed", () => {
  const row = tensor([1, 1, 1, 3], Float32Array.of(1, 2, 3));
  const framed = mirrored(row, { left: 4, top: 1, right: 2, bottom: 0 });
  expect(framed.dims).toEqual([1, 1, 2, 9]);
  expect([...framed.data.subarray(0, 9)]).toEqual([3, 3, 2, 1, 1, 2, 3, 3, 2]);
  expect([...framed.data.subarray(9)]).toEqual([...framed.data.subarray(0, 9)]);
  expect(crop(framed, { x: 4, y: 1, width: 3, height: 1 }).data).toEqual(row.data);
});

Deno.test("sidesOf() frames a region only where it touches the border", () => {
  const span = (start: number, size: number) => ({ start, size, from: 0, to: 0, feather: 0 });
  const size = { width: 50, height: 20 };
  expect(sidesOf({ row: span(0, 20), column: span(30, 20) }, size, 6)).toEqual(
    { left: 0, top: 6, right: 6, bottom: 6 },
  );
});
