/** Counts the operations of a graph while it runs, from the actual sizes of its tensors. @module */

import type { Session } from "../../lib/runtime/session.ts";
import { allHeldHere, heldHere, sumHere } from "../../lib/tensor/held.ts";
import { patchesHere } from "../../lib/tensor/patch.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { sizeOf } from "../../lib/tensor/tensor.ts";
import { floatValue, graphField, node, nodesOf, type OnnxNode } from "../../lib/onnx/model.ts";
import { joined } from "../../lib/bytes.ts";

/** Multiply-adds from the sizes of inputs and output, for the operations that make up nearly all of a network's work. */
const COUNTED: Readonly<Record<string, (a: number[], b: number[], out: number[]) => number>> = {
  // Each output value takes one multiply-add for each value of its kernel.
  Conv: (_, kernel, out) => sizeOf(out) * sizeOf(kernel.slice(1)),
  // Each input value takes one for each value of its kernel.
  ConvTranspose: (input, kernel) => sizeOf(input) * sizeOf(kernel.slice(1)),
  MatMul: (a, _, out) => sizeOf(out) * a.at(-1)!,
  // Either operand may be transposed: [m, k] x [k, n].
  Gemm: (a, b, out) => Math.sqrt(sizeOf(a) * sizeOf(b) * sizeOf(out)),
};

const MARK = "srzoo.shape";

/**
 * Adds the sizes of every counted operation's tensors to the outputs of a model. A second graph field is merged into
 * the first when the file is read (protocol buffers, "last one wins, messages merge").
 */
export function withShapes(model: Uint8Array): Uint8Array {
  const counted = nodesOf(model).filter(({ op }) => Object.hasOwn(COUNTED, op));
  const names = [...new Set(counted.flatMap(tensorsOf))];
  const steps = names.flatMap((name) => [
    node({ op: "Shape", inputs: [name], outputs: [`${MARK}.int.${name}`] }),
    node({ op: "Cast", inputs: [`${MARK}.int.${name}`], outputs: [`${MARK}.${name}`] }, { to: 1 }),
  ]);
  const outputs = names.map((name) => floatValue(`${MARK}.${name}`, ["rank"]));
  return joined([model, graphField({ nodes: steps, outputs })]);
}

/**
 * A session that counts operations.
 *
 * @param model The ONNX file.
 * @param session A session of the file that {@linkcode withShapes} makes of it.
 * @param add Called with 2 x multiply-adds of each run.
 */
export function counting(
  model: Uint8Array,
  session: Session,
  add: (operations: number) => void,
): Session {
  const counted = nodesOf(model).filter(({ op }) => Object.hasOwn(COUNTED, op));
  const run: Session["run"] = async (inputs, options) => {
    // All outputs, including the shapes, not only those that the family asks for.
    const outputs = await session.run(inputs, { signal: options?.signal });
    const shapeOf = (name: string) => [...outputs[`${MARK}.${name}`].data];
    for (const node of counted) {
      const [a, b, out] = tensorsOf(node).map(shapeOf);
      add(2 * COUNTED[node.op](a, b, out));
    }
    return Object.fromEntries(
      Object.entries(outputs).filter(([name]) => !name.startsWith(MARK)),
    ) as Record<string, Tensor>;
  };
  return {
    provider: session.provider,
    run,
    place: heldHere,
    sum: sumHere,
    ...patchesHere,
    hold: async (inputs, options) => allHeldHere(await run(inputs, options)),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

function tensorsOf({ inputs, outputs }: OnnxNode): string[] {
  return [inputs[0], inputs[1], outputs[0]];
}
