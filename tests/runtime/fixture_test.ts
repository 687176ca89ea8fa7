import { expect } from "expect";
import { readTensors } from "../../lib/runtime/fixture.ts";
import { readFixture } from "../contracts/session.ts";

/** A safetensors file with this header and these numbers. */
function file(header: unknown, numbers: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + numbers.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(numbers, 8 + text.length);
  return bytes;
}

Deno.test("readTensors() reads float32 and float16 at any offset", () => {
  // 1.5 and -2 as float16, then 0.1 as float32; little-endian.
  const numbers = Uint8Array.of(0x00, 0x3e, 0x00, 0xc0, 0xcd, 0xcc, 0xcc, 0x3d);
  const tensors = readTensors(file({
    __metadata__: { by: "hand" },
    half: { dtype: "F16", shape: [2, 1], data_offsets: [0, 4] },
    single: { dtype: "F32", shape: [1], data_offsets: [4, 8] },
  }, numbers));
  expect(Object.keys(tensors)).toEqual(["half", "single"]);
  expect(tensors.half).toEqual({ dims: [2, 1], data: Float32Array.of(1.5, -2) });
  expect(tensors.single.data).toEqual(Float32Array.of(0.1));
});

Deno.test("readTensors() reads what Python wrote", async () => {
  const tensors = readTensors(await readFixture("scale.safetensors"));
  expect(tensors["scale/in/picture"].dims).toEqual([1, 3, 8, 7]);
  expect(tensors["scale/out/out"].dims).toEqual([1, 3, 16, 14]);
});

Deno.test("readTensors() refuses broken files", async () => {
  const whole = await readFixture("scale.safetensors");
  expect(() => readTensors(whole.subarray(0, 5))).toThrow(/shorter than its header/);
  expect(() => readTensors(whole.subarray(0, 50))).toThrow(/shorter than its header/);
  expect(() => readTensors(whole.subarray(0, -1))).toThrow(/ends after the file/);
  expect(() => readTensors(file([1], new Uint8Array()).fill(0x7b, 8))).toThrow(/is not JSON/);
  const ids = { ids: { dtype: "I64", shape: [1], data_offsets: [0, 8] } };
  expect(() => readTensors(file(ids, new Uint8Array(8)))).toThrow(/"ids" is I64, not F32 or F16/);
});
