import { expect } from "expect";
import { asTensor, channelsOf, itemOf, readNpz } from "../../tools/npz.ts";
import { need } from "../../tools/replay/case.ts";

/** Reads a file that NumPy 2.4 wrote. */
const read = async (name: string) => readNpz(await Deno.readFile(new URL(name, import.meta.url)));

Deno.test("readNpz() reads every type of number, compressed", async () => {
  const arrays = await read("arrays.npz");
  expect(arrays.single).toEqual({ dims: [2, 3], data: Float64Array.of(0, 0.5, 1, 1.5, 2, 2.5) });
  expect([...arrays.double.data]).toEqual([1e-300, -2.5]);
  expect([...arrays.half.data]).toEqual([1.5]);
  expect([...arrays.long.data]).toEqual([7, -2]);
  expect([...arrays.byte.data]).toEqual([250, 251, 252, 253, 254, 255]);
  expect(arrays.scalar).toEqual({ dims: [], data: Float64Array.of(3) });
});

Deno.test("readNpz() converts column-major arrays to row-major order", async () => {
  const { columns_first } = await read("arrays.npz");
  expect(columns_first.dims).toEqual([2, 3, 4]);
  expect([...columns_first.data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
});

Deno.test("readNpz() reads members that are stored without compression", async () => {
  expect((await read("stored.npz")).single.data[5]).toBe(2.5);
});

Deno.test("readNpz() refuses text, and files that are not zip files", async () => {
  await expect(read("text.npz")).rejects.toThrow("<U1");
  expect(() => readNpz(new Uint8Array(100))).toThrow("not a zip file");
});

Deno.test("need() names a missing array", () => {
  expect(() => need({}, "noise")).toThrow('no array "noise"');
});

Deno.test("itemOf() and asTensor() take one item in single precision", async () => {
  const { single } = await read("arrays.npz");
  expect(asTensor(itemOf(single, 1), [1, 3])).toEqual({
    dims: [1, 3],
    data: Float32Array.of(1.5, 2, 2.5),
  });
});

Deno.test("channelsOf() takes some channels of every item", () => {
  const data = Float64Array.from({ length: 12 }, (_, i) => i);
  expect(channelsOf({ dims: [2, 3, 1, 2], data }, 1, 3)).toEqual({
    dims: [2, 2, 1, 2],
    data: Float64Array.of(2, 3, 4, 5, 8, 9, 10, 11),
  });
});
