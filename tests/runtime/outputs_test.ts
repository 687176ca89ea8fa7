import { expect } from "expect";
import { ProviderError } from "../../lib/errors.ts";
import { floatConstant, floatValue, node, onnxModel } from "../../lib/onnx/model.ts";
import { checkOutputs } from "../../lib/runtime/outputs.ts";
import { openSession, openSessions } from "../../lib/runtime/providers.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

/** A graph that multiplies `lr` `[n, 3, h, w]` by a constant; `sr` has the same shape. */
function times(factor: number) {
  const bytes = onnxModel({
    nodes: [node({ op: "Mul", inputs: ["lr", "factor"], outputs: ["sr"] })],
    constants: [floatConstant("factor", [], Float32Array.of(factor))],
    inputs: [floatValue("lr", ["n", 3, "h", "w"])],
    outputs: [floatValue("sr", ["n", 3, "h", "w"])],
  });
  return { name: "network", bytes };
}

/** An input that varies over the whole range. */
const lr: Tensor = tensor(
  [1, 3, 4, 4],
  Float32Array.from({ length: 48 }, (_, i) => (i % 9) / 4 - 1),
);

for (
  const [what, factor, fault] of [
    ["NaN", NaN, /holds NaN or infinity/],
    ["infinity", Infinity, /holds NaN or infinity/],
    ["zeros", 0, /is 0 everywhere, although the input is not flat/],
  ] as const
) {
  Deno.test(`Session.run() tries all providers, then says that a graph gives ${what}`, async () => {
    await using opened = await openSessions([times(factor)], { threads: 1 });
    const { network } = opened.sessions;
    const outputs = { sr: [1, 3, 4, 4] };
    const error = await network.run({ lr }, { outputs }).catch((error) => error);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error.message).toMatch(fault);
    const [native, wasm] = (error as ProviderError).tried.slice(-2);
    expect([native.provider, wasm.provider]).toEqual(["native", "wasm"]);
    expect(native.reason).toMatch(fault);
    // A graph that fails everywhere is no reason to change the provider.
    expect([opened.provider, opened.warnings]).toEqual(["native", []]);
    await expect(network.run({ lr }, { outputs })).rejects.toThrow(ProviderError);
  });
}

Deno.test("Session.run() works for other inputs after one that no provider can compute", async () => {
  // 3e38 * 2 is infinite in fp32, 3e38 is not.
  await using opened = await openSessions([times(3e38)], { threads: 1 });
  const { network } = opened.sessions;
  const large = tensor(lr.dims, lr.data.map((value) => 2 * value));
  const runs = [{ lr }, { lr: large }, { lr }, { lr: large }, { lr }]
    .map((inputs) => network.run(inputs).then(() => "made", (error) => error.name));
  expect(await Promise.all(runs)).toEqual([
    "made",
    "ProviderError",
    "made",
    "ProviderError",
    "made",
  ]);
  expect([opened.provider, opened.warnings]).toEqual(["native", []]);
});

Deno.test("Session.run() blames no provider for an input that holds NaN", async () => {
  await using opened = await openSessions([times(2)], { threads: 1 });
  const odd = tensor(lr.dims, lr.data.map((value, i) => i === 7 ? NaN : value));
  const run = opened.sessions.network.run({ lr: odd });
  await expect(run).rejects.toThrow(RangeError);
  await expect(run).rejects.toThrow('its input "lr" contains NaN or infinity');
});

Deno.test("Session.run() accepts a flat output of a flat input", async () => {
  await using session = await openSession(times(0), { provider: "native" });
  const flat = tensor([1, 3, 4, 4], new Float32Array(48).fill(0.9));
  const { sr } = await session.run({ lr: flat }, { outputs: { sr: [1, 3, 4, 4] } });
  expect(sr.data.every((value) => value === 0)).toBe(true);
});

Deno.test("Session.run() refuses outputs of another name or shape, and gives only those wanted", async () => {
  await using session = await openSession(times(1), { provider: "native" });
  await expect(session.run({ lr }, { outputs: { hr: [1, 3, 4, 4] } }))
    .rejects.toThrow('Cannot use the graph "network": its output "hr" is missing, it gives sr');
  await expect(session.run({ lr }, { outputs: { sr: [1, 3, 16, 16] } }))
    .rejects.toThrow('its output "sr" is [1,3,4,4], the model card needs [1,3,16,16]');
  await expect(session.run({ lr }, { outputs: { toString: [1] } })).rejects.toThrow(/is missing/);
  expect(await session.run({ lr }, { outputs: {} })).toEqual({});
  expect(Object.keys(await session.run({ lr }, { outputs: { sr: [1, undefined, 4, 4] } })))
    .toEqual(["sr"]);
});

Deno.test("Session.run() gives up on a call that does not end, and names the provider", async () => {
  const bytes = await Deno.readFile(new URL("../fixtures/loop.onnx", import.meta.url));
  // A limit that is enough for loading, but not for a run of this size.
  const x = tensor([1, 16, 2048, 2048]);
  const opened = await openSessions([{ name: "loop", bytes }], {
    provider: "native",
    threads: 1,
    callTimeout: 3000,
  });
  const error = await opened.sessions.loop.run({ x }).catch((error) => error);
  expect(error).toBeInstanceOf(ProviderError);
  expect(error.message).toMatch(/native \(it did not answer within 3 s\)/);
  await opened[Symbol.asyncDispose]();
});

Deno.test("checkOutputs() finds an image of a batch that is black or not finite beside a good one", () => {
  const two = (second: number) =>
    tensor([2, 3, 4, 4], Float32Array.from([...lr.data, ...lr.data.map((v) => v * second)]));
  const inputs = { lr: two(1) };
  const check = (second: number) => () => checkOutputs("network", inputs, { sr: two(second) });
  expect(check(1)).not.toThrow();
  expect(check(0)).toThrow("everywhere, although the input is not flat");
  expect(check(NaN)).toThrow("holds NaN or infinity");
  // A flat image may stay flat.
  const flat = { lr: two(0) };
  expect(() => checkOutputs("network", flat, { sr: two(0) })).not.toThrow();
});
