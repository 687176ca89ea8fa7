/** Numbers that an ONNX file states: tensors, attributes, and operations that pass them on. @module */

import { joined } from "../bytes.ts";
import type { Operation } from "./operation.ts";
import { fields, messages, numberOf, strings, varints } from "./protobuf.ts";

/** Numbers by the name of the value that holds them, read on demand. */
export type Constants = Map<string, () => readonly number[] | undefined>;

/** Operators that pass on the numbers of their first input, in the same order. */
const PASSING = ["Identity", "Cast", "Squeeze", "Unsqueeze", "Reshape", "Flatten"];

/** Adds tensors by their names, and the results of operations on numbers alone. */
export function addConstants(
  constants: Constants,
  tensors: readonly Uint8Array[],
  operations: readonly Operation[],
): void {
  for (const tensor of tensors) {
    constants.set(strings(tensor, 8).at(-1) ?? "", () => numbersOf(tensor));
  }
  for (const { op, inputs: [input], outputs: [output], attributes } of operations) {
    if (op === "Constant") constants.set(output, () => attributes.flatMap(numbersIn));
    else if (PASSING.includes(op)) constants.set(output, () => constants.get(input)?.());
  }
}

/** The numbers of an attribute: a tensor, a float, an integer, or a list of them. */
export function numbersIn(attribute: Uint8Array): number[] {
  const tensors = messages(attribute, 5);
  if (tensors.length > 0) return tensors.flatMap(numbersOf);
  return [
    ...floats(attribute, 2),
    ...integers(attribute, 3),
    ...floats(attribute, 7),
    ...integers(attribute, 8),
  ];
}

/** Element types whose numbers are read here: their size in bytes, and one of them. */
const ELEMENTS: Readonly<Record<number, [size: number, (view: DataView, at: number) => number]>> = {
  1: [4, (view, at) => view.getFloat32(at, true)],
  5: [2, (view, at) => view.getInt16(at, true)],
  6: [4, (view, at) => view.getInt32(at, true)],
  7: [8, (view, at) => Number(view.getBigInt64(at, true))],
  11: [8, (view, at) => view.getFloat64(at, true)],
};

/** The numbers of a tensor, from `raw_data` or from the list of its type; none of other types. */
function numbersOf(tensor: Uint8Array): number[] {
  const type = numberOf(tensor, 2);
  const raw = messages(tensor, 9).at(-1);
  if (raw) return elements(raw, type);
  return [
    ...floats(tensor, 4),
    ...integers(tensor, 5),
    ...integers(tensor, 7),
    ...elements(packed(tensor, 10, 8), 11),
  ];
}

function elements(bytes: Uint8Array, type = 0): number[] {
  if (!Object.hasOwn(ELEMENTS, type)) return [];
  const [size, read] = ELEMENTS[type];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => read(view, size * i));
}

function floats(message: Uint8Array, id: number): number[] {
  return elements(packed(message, id, 4), 1);
}

/** The bytes of numbers of this size, which are in one list or in a field each. */
function packed(message: Uint8Array, id: number, size: number): Uint8Array {
  const found = [...fields(message)].filter((field) => field.id === id);
  return joined(found.map(({ bytes, raw }) => bytes ?? raw.subarray(-size)));
}

/** Numbers from varints, which are in one list or in a field each. */
function integers(message: Uint8Array, id: number): number[] {
  return [...fields(message)].filter((field) => field.id === id)
    .flatMap(({ number = 0, bytes }) => bytes ? varints(bytes) : [number]);
}
