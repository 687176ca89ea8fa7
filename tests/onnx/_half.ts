/** Graphs that compute in fp16. @module */

import { joined } from "../../lib/bytes.ts";
import { floatValue, node, onnxModel } from "../../lib/onnx/model.ts";
import { field } from "../../lib/onnx/protobuf.ts";

/** Element types of ONNX. */
const FLOAT = 1, FLOAT16 = 10;

/**
 * A graph `lr` -> `sr` that multiplies by one factor after the other, in fp16.
 *
 * @param isPacked Whether the factors are stored as numbers (`int32_data`), not as bytes.
 * @param last Makes the last nodes, which lead from one name to another.
 */
export function halfGraph(
  factors: readonly number[],
  isPacked = false,
  last = (from: string, to: string) => [node({ op: "Identity", inputs: [from], outputs: [to] })],
): Uint8Array {
  const cast = (from: string, to: string, type: number) =>
    node({ op: "Cast", inputs: [from], outputs: [to] }, { to: type });
  const constants = factors.map((factor, i) => {
    const bits = new Uint16Array(Float16Array.of(factor).buffer);
    const values = isPacked ? field(5, bits[0]) : field(9, new Uint8Array(bits.buffer));
    return joined([field(2, FLOAT16), field(8, `f${i}`), values]);
  });
  const count = factors.length;
  return onnxModel({
    nodes: [
      cast("lr", "x0", FLOAT16),
      ...factors.map((_, i) =>
        node({ op: "Mul", inputs: [`x${i}`, `f${i}`], outputs: [`x${i + 1}`] })
      ),
      ...last(`x${count}`, "y"),
      cast("y", "sr", FLOAT),
    ],
    constants,
    inputs: [floatValue("lr", ["n", 3, "h", "w"])],
    outputs: [floatValue("sr", ["n", 3, "h", "w"])],
  });
}
