/** Damaged graphs: a result of the right shape, or one clear error. @module */

import { distrust } from "../../lib/onnx/trust.ts";
import { openSession } from "../../lib/runtime/providers.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { type Bytes, mutated } from "./bytes.ts";
import { checkError, must, type Part } from "./part.ts";

const network = new URL("../../tests/fixtures/zoo/regression-tiny/network.onnx", import.meta.url);

let seed: Promise<Bytes> | undefined;

const input = tensor(
  [1, 3, 8, 8],
  Float32Array.from({ length: 192 }, (_, i) => (i % 9) / 4 - 1),
);

/** Random graphs, run as WebAssembly, so that a crash does not end the process. */
export const graphs: Part = {
  name: "graphs",
  tries: 500,
  async attempt(random) {
    const whole = await (seed ??= Deno.readFile(network));
    const bytes = mutated(whole, random, whole);
    const fault = distrust(bytes);
    if (fault !== undefined) {
      must(fault.length > 5 && !fault.includes("\n"), () => `distrust() says ${fault}`);
      return "distrusted";
    }
    try {
      await using session = await openSession({ name: "network", bytes }, {
        ...{ provider: "wasm", threads: 1, callTimeout: 60_000 },
      });
      const outputs = { sr: [1, 3, 32, 32] };
      const { sr } = await session.run({ lr: input }, { outputs });
      must(sr.data.every(Number.isFinite), () => "the graph gives NaN");
      return "run";
    } catch (error) {
      checkError(error, "the graph");
      must(!/did not answer/.test(error.message), () => "the graph takes too long");
      return "refused";
    }
  },
};
