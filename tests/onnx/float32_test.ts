import { expect } from "expect";
import { joined } from "../../lib/bytes.ts";
import { inFloat32 } from "../../lib/onnx/float32.ts";
import { floatConstant, floatValue, node, onnxModel } from "../../lib/onnx/model.ts";
import { field } from "../../lib/onnx/protobuf.ts";
import { openSession, openSessions } from "../../lib/runtime/providers.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { halfGraph } from "./_half.ts";

const lr: Tensor = tensor(
  [1, 3, 4, 4],
  Float32Array.from({ length: 48 }, (_, i) => (i % 9) / 4 - 1),
);

Deno.test("inFloat32() computes the same where fp16 is exact, however the weights are stored", async () => {
  for (const factor of [0.5, -3, 2 ** -20, 1024, 65504]) {
    for (const isPacked of [false, true]) {
      const wide = inFloat32(halfGraph([factor], isPacked))!;
      await using session = await openSession(
        { name: "network", bytes: wide },
        { provider: "native", threads: 1 },
      );
      const { sr } = await session.run({ lr });
      expect(sr.data).toEqual(lr.data.map((value) => value * factor));
    }
  }
});

Deno.test("inFloat32() does not change operations in fp32, or attributes of four bytes", async () => {
  const plain = onnxModel({
    nodes: [node({ op: "Mul", inputs: ["lr", "c"], outputs: ["sr"] })],
    constants: [floatConstant("c", [], Float32Array.of(2))],
    inputs: [floatValue("lr")],
    outputs: [floatValue("sr")],
  });
  expect(inFloat32(plain)).toBe(undefined);
  const zoo = new URL("../../zoo/regression/network.onnx", import.meta.url);
  expect(inFloat32(await Deno.readFile(zoo))).toBe(undefined); // fp16 weights that are cast to fp32
  // LeakyRelu's slope: name "alpha", f (field 2, four bytes) 0.25, type FLOAT.
  const slope = joined([
    field(1, "alpha"),
    Uint8Array.of(2 * 8 + 5, ...new Uint8Array(Float32Array.of(0.25).buffer)),
    field(20, 1),
  ]);
  const sloped = halfGraph([4], false, (from, to) => [
    joined([node({ op: "LeakyRelu", inputs: [from], outputs: [to] }), field(5, slope)]),
  ]);
  await using session = await openSession(
    { name: "network", bytes: inFloat32(sloped)! },
    { provider: "native", threads: 1 },
  );
  const { sr } = await session.run({ lr });
  expect(sr.data).toEqual(lr.data.map((value) => value < 0 ? value : 4 * value));
});

Deno.test("Session.run() repeats in fp32 what overflows in fp16, with a warning, and stays in fp32", async () => {
  // Infinite in fp16, 3.6e9 in fp32. The CPU multiplies in fp32 in any case, but transposes in fp16.
  const bytes = halfGraph([60000, 60000], false, (from, to) => [
    node({ op: "Transpose", inputs: [from], outputs: [to] }, { perm: [0, 1, 3, 2] }),
  ]);
  await using opened = await openSessions([{ name: "network", bytes }], {
    provider: "native",
    threads: 1,
  });
  const { network } = opened.sessions;
  const outputs = { sr: [1, 3, 4, 4] };
  for (let i = 0; i < 2; i++) {
    const { sr } = await network.run({ lr }, { outputs });
    const turned = (i: number) => 16 * (i >> 4) + 4 * (i & 3) + (i >> 2 & 3);
    sr.data.forEach((value, i) => expect(value).toBe(Math.fround(lr.data[turned(i)] * 60000 ** 2)));
  }
  expect(opened.provider).toBe("native");
  expect(opened.warnings.length).toBe(1);
  expect(opened.warnings[0])
    .toMatch(/^native failed, and native in fp32 is used from now on: .*holds NaN or inf/);
});

Deno.test("Session.run() tries fp16, fp32 and then the next provider", async () => {
  const bytes = halfGraph([0]);
  await using opened = await openSessions([{ name: "network", bytes }], { threads: 1 });
  const error = await opened.sessions.network.run({ lr }).catch((error) => error);
  expect(error.tried.slice(-4).map((attempt: { provider: string }) => attempt.provider))
    .toEqual(["native", "native in fp32", "wasm", "wasm in fp32"]);
});
