/** A bare chain of convolutions, which shows the highest speed that this machine reaches. @module */

import { openSession } from "../../lib/runtime/providers.ts";
import type { Provider } from "../../lib/runtime/session.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { floatConstant, floatValue, node, onnxModel } from "../../lib/onnx/model.ts";

const CHANNELS = 64;
const SIDE = 128;
const LENGTH = 10;

/** Operations of one run (2 x multiply-adds), in 10^9. */
const GFLOP = 2 * LENGTH * CHANNELS ** 2 * 9 * SIDE ** 2 / 1e9;

/** GFLOP/s of ten 3x3 convolutions of 64 channels on 128x128 pixels, the best of a few runs. */
export async function measureChain(provider: Provider, threads?: number): Promise<number> {
  await using session = await openSession({ name: "chain", bytes: chainGraph() }, {
    provider,
    threads,
  });
  const x = tensor([1, CHANNELS, SIDE, SIDE]);
  x.data.forEach((_, i) => x.data[i] = Math.sin(i));
  await session.run({ x });
  let best = Infinity;
  for (let run = 0; run < 4; run++) {
    const start = performance.now();
    await session.run({ x });
    best = Math.min(best, performance.now() - start);
  }
  return GFLOP / (best / 1000);
}

/** The chain as an ONNX file; all convolutions share one kernel, which keeps the magnitude of values. */
export function chainGraph(): Uint8Array {
  const size = CHANNELS ** 2 * 9;
  const kernel = Float32Array.from(
    { length: size },
    (_, i) => Math.sin(7 * i) * Math.sqrt(2 * CHANNELS / size),
  );
  const name = (i: number) => i === 0 ? "x" : i === LENGTH ? "y" : `x${i}`;
  return onnxModel({
    nodes: Array.from(
      { length: LENGTH },
      (_, i) =>
        node({ op: "Conv", inputs: [name(i), "kernel"], outputs: [name(i + 1)] }, {
          kernel_shape: [3, 3],
          pads: [1, 1, 1, 1],
        }),
    ),
    constants: [floatConstant("kernel", [CHANNELS, CHANNELS, 3, 3], kernel)],
    inputs: [floatValue("x", [1, CHANNELS, "h", "w"])],
    outputs: [floatValue("y", [1, CHANNELS, "h", "w"])],
  });
}
