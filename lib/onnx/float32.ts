/**
 * Converts an ONNX file that computes in fp16 to fp32: values over 65504, which overflow in fp16, then do not.
 *
 * @module
 */

import { joined } from "../bytes.ts";
import { FLOAT, FLOAT16 } from "./model.ts";
import { field, fields, messages, numberOf, strings, varints } from "./protobuf.ts";

/** Operators with an attribute that names the type of their output. */
const TYPED: Readonly<Record<string, string>> = {
  Cast: "to",
  EyeLike: "dtype",
  RandomNormal: "dtype",
  RandomNormalLike: "dtype",
  RandomUniform: "dtype",
  RandomUniformLike: "dtype",
};

/**
 * The same model in fp32: weights, constants, casts and declared types; undefined if it computes in fp32 already, though
 * its weights may be stored in fp16.
 *
 * @param model An ONNX file.
 */
export function inFloat32(model: Uint8Array): Uint8Array | undefined {
  if (!messages(model, 7).some(computesInHalf)) return undefined;
  return mapped(model, { 7: graphIn32 });
}

/** Whether any operator but a cast reads a weight in fp16, or anything is cast to fp16. */
function computesInHalf(graph: Uint8Array): boolean {
  const halves = new Set(
    messages(graph, 5).filter((tensor) => numberOf(tensor, 2) === FLOAT16).flatMap((tensor) =>
      strings(tensor, 8)
    ),
  );
  return messages(graph, 1).some((node) => {
    const op = strings(node, 4).at(-1) ?? "";
    const attributes = messages(node, 5);
    if (attributes.some((part) => isHalf(op, part))) return true;
    if (attributes.some((part) => messages(part, 5).some((t) => numberOf(t, 2) === FLOAT16))) {
      return true;
    }
    if (op !== "Cast" && strings(node, 1).some((name) => halves.has(name))) return true;
    return attributes.some((part) => messages(part, 6).some(computesInHalf));
  });
}

/** Whether an attribute of this operator names fp16. */
function isHalf(op: string, attribute: Uint8Array): boolean {
  return strings(attribute, 1).at(-1) === TYPED[op] &&
    [...fields(attribute)].some(({ id, number }) => id === 3 && number === FLOAT16);
}

/** How to change the fields with these numbers. */
type Changes = Readonly<Record<number, (part: Uint8Array) => Uint8Array>>;

/** A message with some of its fields changed; the rest stays byte for byte. */
function mapped(message: Uint8Array, changes: Changes): Uint8Array {
  return joined(
    [...fields(message)].map(({ id, bytes, raw }) =>
      bytes && changes[id] ? field(id, changes[id](bytes)) : raw
    ),
  );
}

function graphIn32(graph: Uint8Array): Uint8Array {
  return mapped(graph, { 1: nodeIn32, 5: tensorIn32, 11: valueIn32, 12: valueIn32, 13: valueIn32 });
}

function nodeIn32(node: Uint8Array): Uint8Array {
  const op = strings(node, 4).at(-1) ?? "";
  return mapped(node, {
    5: (attribute) => {
      const parts = mapped(attribute, { 5: tensorIn32, 6: graphIn32, 10: tensorIn32 });
      return isHalf(op, attribute) ? withNumber(parts, 3, FLOAT) : parts;
    },
  });
}

/** A declared input, output or value: `type.tensor_type.elem_type`. */
function valueIn32(value: Uint8Array): Uint8Array {
  const elements = (tensor: Uint8Array) =>
    numberOf(tensor, 1) === FLOAT16 ? withNumber(tensor, 1, FLOAT) : tensor;
  return mapped(value, { 2: (type) => mapped(type, { 1: elements }) });
}

function tensorIn32(tensor: Uint8Array): Uint8Array {
  if (numberOf(tensor, 2) !== FLOAT16) return tensor;
  const values = Float32Array.from(halvesOf(tensor), fromHalf);
  const kept = [...fields(tensor)].filter(({ id }) => id !== 5 && id !== 9).map(({ raw }) => raw);
  return joined([withNumber(joined(kept), 2, FLOAT), field(9, new Uint8Array(values.buffer))]);
}

/** The bits of each value, from `raw_data` or, packed or not, from `int32_data`. */
function halvesOf(tensor: Uint8Array): Uint16Array {
  const [raw] = messages(tensor, 9);
  if (raw) return new Uint16Array(raw.slice().buffer);
  return Uint16Array.from(
    [...fields(tensor)].filter(({ id }) => id === 5).flatMap(({ number, bytes }) =>
      bytes ? varints(bytes) : [number ?? 0]
    ),
  );
}

/** The number of a half-precision value (IEEE 754 binary16). */
function fromHalf(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** A message with another value in the field of this number. */
function withNumber(message: Uint8Array, id: number, value: number): Uint8Array {
  const rest = [...fields(message)].filter((part) => part.id !== id).map(({ raw }) => raw);
  return joined([...rest, field(id, value)]);
}
