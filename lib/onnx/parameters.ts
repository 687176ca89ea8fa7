/** Counts the weights of an ONNX file. @module */

import { joined } from "../bytes.ts";
import { fields, messages, varints } from "./protobuf.ts";

/** Element types of weights: FLOAT, INT8, FLOAT16, DOUBLE, BFLOAT16. */
const WEIGHTS = [1, 3, 10, 11, 16];

/** Number of values in all constants of the main graph, without shapes and indices. */
export function parametersOf(model: Uint8Array): number {
  const graph = joined(messages(model, 7));
  return messages(graph, 5).reduce((sum, tensor) => sum + valuesOf(tensor), 0);
}

function valuesOf(tensor: Uint8Array): number {
  let values = 1;
  let isWeight = false;
  for (const { id, number, bytes } of fields(tensor)) {
    if (id === 1 && number !== undefined) values *= number;
    else if (id === 1 && bytes) { for (const size of varints(bytes)) values *= size; }
    else if (id === 2) isWeight = WEIGHTS.includes(number!);
  }
  return isWeight ? values : 0;
}
