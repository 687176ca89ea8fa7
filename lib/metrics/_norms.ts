/** Graphs whose divisions by a norm cannot divide by zero. @module */

import { joined } from "../bytes.ts";
import { floatConstant, graphField, node, nodesOf, replaceNodes } from "../onnx/model.ts";

const EPSILON = "srzoo.epsilon";

/**
 * Adds 1e-10 to every norm that a graph divides by, as the reference implementation of LPIPS does
 * (`normalize_tensor`): a zero vector stays zero, and a norm that is not tiny stays the same float.
 *
 * Without it, one position without an active feature makes the whole score 0 / 0. The SqueezeNet graph in use
 * lacks it, and at some positions of photographs only 4 of the 512 features of its last layer are active.
 *
 * @param model ONNX file.
 * @returns The same file if no divisor is a bare square root or L2 norm.
 * @throws {SyntaxError} If it is not an ONNX file.
 */
export function withSafeNorms(model: Uint8Array): Uint8Array {
  const nodes = nodesOf(model);
  const norms = new Set(
    nodes.filter(({ op }) => op === "Sqrt" || op === "ReduceL2").flatMap(({ outputs }) => outputs),
  );
  const divides = ({ op, inputs }: { op: string; inputs: readonly string[] }) =>
    op === "Div" && norms.has(inputs[1]);
  if (!nodes.some(divides)) return model;
  const safe = replaceNodes(model, (division) => {
    if (!divides(division)) return undefined;
    const { inputs: [vector, norm], outputs } = division;
    const sum = `srzoo.norm.${outputs[0]}`;
    return [
      node({ op: "Add", inputs: [norm, EPSILON], outputs: [sum] }),
      node({ op: "Div", inputs: [vector, sum], outputs }),
    ];
  });
  // A second graph field is merged into the first.
  const constants = [floatConstant(EPSILON, [1], Float32Array.of(1e-10))];
  return joined([safe, graphField({ constants })]);
}
