/** Finds what an untrusted ONNX file must not contain, before a runtime opens it. @module */

import { joined } from "../bytes.ts";
import { fields, messages, strings, varints } from "./protobuf.ts";

/** Operators that can run without end. */
const ENDLESS = ["Loop", "Scan"];

/** Operators whose last input determines the size of their result, and how. */
const SIZED: Readonly<Record<string, "shape" | "repeats">> = {
  Expand: "shape",
  ConstantOfShape: "shape",
  Tile: "repeats",
};

/** Most values that a constant shape may ask for: 1 GiB of float32. */
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
    // A message that is given twice is merged.
    return distrustGraph(joined(parts), new Map(), 0);
  } catch (error) {
    return (error as Error).message;
  }
}

function distrustGraph(
  graph: Uint8Array,
  outer: ReadonlyMap<string, Uint8Array>,
  depth: number,
): string | undefined {
  if (depth > DEEPEST) return "it nests graphs too deeply";
  const constants = new Map(outer);
  for (const tensor of messages(graph, 5)) {
    if (isElsewhere(tensor)) return "it keeps weights in another file";
    constants.set(strings(tensor, 8).at(-1) ?? "", tensor);
  }
  for (const node of messages(graph, 1)) {
    const fault = distrustNode(node, constants, depth);
    if (fault) return fault;
  }
  return undefined;
}

function distrustNode(
  node: Uint8Array,
  constants: Map<string, Uint8Array>,
  depth: number,
): string | undefined {
  // The last one counts of a text that is given twice.
  const op = strings(node, 4).at(-1) ?? "";
  const domain = strings(node, 7).at(-1) ?? "";
  if (!DOMAINS.includes(domain)) return `it has the operator ${op} of the domain ${domain}`;
  if (ENDLESS.includes(op)) return `it has the operator ${op}, which can run without end`;
  for (const attribute of messages(node, 5)) {
    for (const tensor of [...messages(attribute, 5), ...messages(attribute, 10)]) {
      if (isElsewhere(tensor)) return "it keeps weights in another file";
      if (op === "Constant") constants.set(strings(node, 2)[0], tensor);
    }
    for (const inner of [joined(messages(attribute, 6)), ...messages(attribute, 11)]) {
      const fault = distrustGraph(inner, constants, depth + 1);
      if (fault) return fault;
    }
  }
  const size = SIZED[op] && constants.get(strings(node, 1).at(-1) ?? "");
  if (!size) return undefined;
  const values = integersOf(size).reduce((product, value) => product * Math.max(1, value), 1);
  return values > MOST_VALUES ? `its operator ${op} makes ${values} values` : undefined;
}

/** Whether `data_location` is EXTERNAL, or `external_data` exists. */
function isElsewhere(tensor: Uint8Array): boolean {
  return [...fields(tensor)].some(({ id, number }) => id === 13 || (id === 14 && number === 1));
}

/** The values of a tensor of int64, from `raw_data` or from `int64_data`. */
function integersOf(tensor: Uint8Array): number[] {
  const [raw] = messages(tensor, 9);
  if (raw) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    return Array.from(
      { length: Math.floor(raw.length / 8) },
      (_, i) => Number(view.getBigInt64(8 * i, true)),
    );
  }
  // Packed or not: a packed list is read as the varints of a message without keys.
  return [...fields(tensor)].flatMap(({ id, number, bytes }) =>
    id !== 7 ? [] : number !== undefined ? [number] : varints(bytes ?? new Uint8Array())
  );
}
