/** Finds what an untrusted ONNX file must not contain, before a runtime opens it. @module */

import { joined } from "../bytes.ts";
import { addConstants, type Constants } from "./constants.ts";
import { type Operation, operationOf } from "./operation.ts";
import { fields, messages } from "./protobuf.ts";
import { leastValues } from "./size.ts";

/** Operators that can run without end. */
const ENDLESS = ["Loop", "Scan"];

/** Most values that the numbers in a file may ask for: 1 GiB of float32. */
const MOST_VALUES = 2 ** 28;

/** Domains whose operators ONNX Runtime itself brings. */
const DOMAINS = ["", "ai.onnx", "com.microsoft"];

/** Largest depth of nested graphs. */
const DEEPEST = 8;

/**
 * Why an ONNX file must not be opened, as the end of a sentence, or undefined. It must not read
 * other files, use custom operators, run without end, or ask for unlimited memory.
 *
 * @param model The file.
 */
export function distrust(model: Uint8Array): string | undefined {
  try {
    const parts = messages(model, 7);
    if (parts.length === 0) return "it is not an ONNX file with a graph";
    if (messages(model, 25).length > 0) return "it defines operators of its own";
    // A message that is given twice is merged; one alone is not copied, since it holds all weights.
    return distrustGraph(parts.length > 1 ? joined(parts) : parts[0], new Map(), 0);
  } catch (error) {
    return (error as Error).message;
  }
}

function distrustGraph(
  graph: Uint8Array,
  outer: Constants,
  depth: number,
): string | undefined {
  if (depth > DEEPEST) return "it nests graphs too deeply";
  const tensors = messages(graph, 5);
  if (tensors.some(isElsewhere)) return ELSEWHERE;
  const operations = messages(graph, 1).map(operationOf);
  const constants: Constants = new Map(outer);
  addConstants(constants, tensors, operations);
  for (const operation of operations) {
    const fault = distrustOperation(operation, constants, depth);
    if (fault) return fault;
  }
  return undefined;
}

function distrustOperation(
  operation: Operation,
  constants: Constants,
  depth: number,
): string | undefined {
  const { op, domain, attributes } = operation;
  if (!DOMAINS.includes(domain)) return `it has the operator ${op} of the domain ${domain}`;
  if (ENDLESS.includes(op)) return `it has the operator ${op}, which can run without end`;
  for (const attribute of attributes) {
    const parts = [...fields(attribute)].filter(({ bytes }) => bytes !== undefined);
    const those = (number: number) =>
      parts.filter(({ id }) => id === number).map(({ bytes }) => bytes!);
    if ([...those(5), ...those(10)].some(isElsewhere)) return ELSEWHERE;
    // A message that is given twice is merged; a list has one for each item.
    for (const inner of [joined(those(6)), ...those(11)]) {
      const fault = inner.length > 0 && distrustGraph(inner, constants, depth + 1);
      if (fault) return fault;
    }
  }
  const values = leastValues(operation, constants);
  return values > MOST_VALUES ? `its operator ${op} makes ${values} values` : undefined;
}

const ELSEWHERE = "it keeps weights in another file";

/** Whether `data_location` is EXTERNAL, or `external_data` exists. */
function isElsewhere(tensor: Uint8Array): boolean {
  return [...fields(tensor)].some(({ id, number }) => id === 13 || (id === 14 && number === 1));
}
