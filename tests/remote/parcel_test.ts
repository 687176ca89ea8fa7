import { expect } from "expect";
import { pack, unpack } from "../../lib/remote/parcel.ts";

/** Sends a value as `postMessage()` does. */
function sent(value: unknown, options?: { isGift: boolean }): unknown {
  const { content, transfer } = pack(value, options);
  return unpack(structuredClone(content, { transfer: transfer as ArrayBuffer[] }));
}

const value = () => ({
  text: "a",
  missing: undefined,
  list: [1, null, { deep: new Float32Array([0.5, NaN]) }],
  bytes: new Uint8Array([1, 2]),
  image: { width: 1, data: new Uint8ClampedArray([1, 2, 3, 4]) },
  part: new Uint8Array([9, 8, 7, 6]).subarray(1, 3),
});

Deno.test("pack() and unpack() keep objects, lists and typed arrays", () => {
  const given = value();
  expect(sent(given)).toEqual(given);
  expect(given.bytes.length).toBe(2);
});

Deno.test("pack() moves arrays that are given away, and copies a part of a larger buffer", () => {
  const given = value();
  const { part } = sent(given, { isGift: true }) as { part: Uint8Array };
  expect(part).toEqual(new Uint8Array([8, 7]));
  expect(part.buffer.byteLength).toBe(2);
  expect([given.bytes.length, given.image.data.length, given.part.length]).toEqual([0, 0, 2]);
});

Deno.test("pack() accepts the same buffer twice", () => {
  const twice = new Uint8Array([1, 2, 3]);
  const given = { a: twice, b: twice };
  expect(sent(given, { isGift: true })).toEqual({
    a: new Uint8Array([1, 2, 3]),
    b: new Uint8Array([1, 2, 3]),
  });
});

Deno.test("pack() says where a function is", () => {
  expect(() => pack({ how: { then: () => {} } })).toThrow(
    new TypeError("Cannot send how.then to the worker: it is a function"),
  );
});
