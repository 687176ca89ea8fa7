import { expect } from "expect";
import { inFloat16 } from "../../lib/onnx/float16.ts";
import { nodesOf } from "../../lib/onnx/model.ts";
import { readTensors } from "../../lib/runtime/fixture.ts";
import { openSession } from "../../lib/runtime/providers.ts";
import { compare } from "../../lib/runtime/self_check.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";

const zoo = new URL("../../zoo/", import.meta.url);

/** Tensors whose names begin with `start`, by the rest of their names. */
function beginningWith(all: Record<string, Tensor>, start: string): Record<string, Tensor> {
  const own = Object.entries(all).filter(([name]) => name.startsWith(start));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(start.length), value]));
}

for (
  const [entry, names] of [
    ["srdiff", ["encoder", "denoiser"]],
    ["srdiff-photo", ["damage"]],
    ["regression", ["network"]],
    ["srflow", ["inverse"]],
  ] as const
) {
  for (const name of names) {
    Deno.test(`inFloat16() converts ${entry}'s ${name} to fp16, except its time and its sums`, async () => {
      const model = await Deno.readFile(new URL(`${entry}/${name}.onnx`, zoo));
      const recorded = readTensors(
        await Deno.readFile(new URL(`${entry}/fixture.safetensors`, zoo)),
      );
      const bytes = inFloat16(model);
      const nodes = nodesOf(bytes);
      const convolutions = nodes.filter(({ op }) => op === "Conv");
      expect(convolutions.length).toBe(nodesOf(model).filter(({ op }) => op === "Conv").length);
      for (const { outputs: [output] } of convolutions) expect(output).toMatch(/\.fp16$/);
      for (const { op, outputs } of nodes) {
        if (/^(Sin|Cos|Reduce.*|Exp|Shape)$/.test(op)) expect(outputs[0]).not.toMatch(/\.fp16$/);
      }
      // The CPU computes in fp16 what it can.
      await using session = await openSession({ name, bytes }, { provider: "native", threads: 1 });
      const got = await session.run(beginningWith(recorded, `${name}/in/`));
      for (const [output, wanted] of Object.entries(beginningWith(recorded, `${name}/out/`))) {
        expect([output, compare(got[output], wanted, 1e-2)]).toEqual([output, undefined]);
      }
    });
  }
}
