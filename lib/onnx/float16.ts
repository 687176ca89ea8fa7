/**
 * Converts an ONNX file that computes in fp32 to fp16, for GPUs that are twice as fast with it.
 *
 * Only values that depend on an image, an input of four axes, are computed in fp16; weights that are stored in fp16 are used as
 * they are. Everything else stays in fp32, such as the embedding of the timestep, which in fp16 may equal that of the next, and
 * sums over whole images, which would overflow. Inputs and outputs stay in fp32, too.
 *
 * @module
 */

import { joined } from "../bytes.ts";
import { FLOAT, FLOAT16, node } from "./model.ts";
import { type Operation, operationOf } from "./operation.ts";
import { field, fields, messages, numberOf, strings } from "./protobuf.ts";

/** Operators that stay in fp32: sums over many values, and operators that take factors in fp32 beside the image. */
const EXACT = /^(Reduce|Global|Softmax|Resize|Exp|Pow|.*Normalization)/;
/** Operators whose output is not float although their first input is. */
const COUNTS = /^(Shape|Size|Is|Equal|Greater|Less|Arg|NonZero)/;

/**
 * The same model in fp16.
 *
 * @param model An ONNX file.
 * @throws {TypeError} If it has nested graphs (`If`, `Loop`), whose values are not followed.
 */
export function inFloat16(model: Uint8Array): Uint8Array {
  return joined(
    [...fields(model)].map(({ id, bytes, raw }) => id === 7 ? field(7, graphIn16(bytes!)) : raw),
  );
}

function graphIn16(graph: Uint8Array): Uint8Array {
  const values = new Values(graph);
  const nodes: Uint8Array[] = [];
  const add = (part: Uint8Array) => nodes.push(part);
  for (const part of messages(graph, 1)) convert(part, values, add);
  for (const output of messages(graph, 12)) values.full(strings(output, 1)[0], add);
  // The declared types of intermediate values (13) may be wrong now, and ONNX Runtime does not need them.
  const rest = [...fields(graph)].filter(({ id }) => id !== 1 && id !== 13).map(({ raw }) => raw);
  return joined([...nodes.map((part) => field(1, part)), ...rest]);
}

/** Adds the converted node. */
function convert(part: Uint8Array, values: Values, add: (part: Uint8Array) => void): void {
  const operation = operationOf(part);
  const { op, inputs, outputs, attributes } = operation;
  if (attributes.some((attribute) => messages(attribute, 6).length > 0)) {
    throw new TypeError(`it cannot be converted to fp16: "${op}" has a graph of its own`);
  }
  const isFloat = isFloatNode(operation, values);
  if (op === "Cast" && isFloat && values.isStored(inputs[0])) values.take(outputs[0], inputs[0]);
  const isImage = inputs.some((name) => values.images.has(name));
  if (isFloat) { for (const name of outputs) values.declare(name, isImage); }
  if (isImage && isFloat && op !== "Cast" && !EXACT.test(op)) {
    const halves = inputs.map((name) => values.floats.has(name) ? values.half(name, add) : name);
    return add(renamed(part, halves, outputs.map((name) => values.onlyHalf(name))));
  }
  // The shape is the same in either precision.
  const given = inputs.map((name) => op === "Shape" ? values.either(name) : values.full(name, add));
  add(renamed(part, given, outputs));
}

/** Whether a node gives floats. */
function isFloatNode({ op, inputs, attributes }: Operation, { floats }: Values): boolean {
  if (op === "Cast") return numberOf(attributes[0], 3) === FLOAT;
  if (op.startsWith("Constant")) {
    const tensors = attributes.flatMap((attribute) => messages(attribute, 5));
    return tensors.every((tensor) => numberOf(tensor, 2) === FLOAT) &&
      !attributes.some((attribute) => /int|string/.test(strings(attribute, 1)[0]));
  }
  return !COUNTS.test(op) && floats.has(inputs[op === "Where" ? 1 : 0]);
}

/** The values of a graph by their names: which are floats, and which of them exist in fp16. */
class Values {
  readonly floats = new Set<string>();
  /** Floats that depend on an image. */
  readonly images = new Set<string>();
  readonly #stored = new Set<string>();
  /** Names in fp16. */
  readonly #halves = new Map<string, string>();
  /** Values that exist in fp16 only. */
  readonly #without = new Set<string>();

  constructor(graph: Uint8Array) {
    for (const weight of messages(graph, 5)) {
      const [name] = strings(weight, 8), type = numberOf(weight, 2);
      if (type === FLOAT16) this.#stored.add(name);
      if (type === FLOAT) this.declare(name, false);
    }
    for (const input of messages(graph, 11)) {
      const [type] = messages(messages(input, 2)[0], 1);
      const axes = messages(type, 2).flatMap((shape) => messages(shape, 1)).length;
      if (numberOf(type, 1) === FLOAT) this.declare(strings(input, 1)[0], axes === 4);
    }
  }

  declare(name: string, isImage: boolean): void {
    this.floats.add(name);
    if (isImage) this.images.add(name);
  }

  /** Whether it is a weight in fp16. */
  isStored(name: string): boolean {
    return this.#stored.has(name);
  }

  /** Records that a value exists in fp16, too. */
  take(name: string, half: string): void {
    this.#halves.set(name, half);
  }

  /** Records that a value exists in fp16 only; returns its name there. */
  onlyHalf(name: string): string {
    this.#without.add(name);
    this.take(name, `${name}.fp16`);
    return `${name}.fp16`;
  }

  /** The name of a value in fp16. */
  half(name: string, add: (part: Uint8Array) => void): string {
    const known = this.#halves.get(name);
    if (known) return known;
    const half = `${name}.fp16`;
    add(node({ op: "Cast", inputs: [name], outputs: [half] }, { to: FLOAT16 }));
    this.take(name, half);
    return half;
  }

  /** The name of a value in fp32. */
  full(name: string, add: (part: Uint8Array) => void): string {
    if (this.#without.delete(name)) {
      add(node({ op: "Cast", inputs: [this.#halves.get(name)!], outputs: [name] }, { to: FLOAT }));
    }
    return name;
  }

  /** The name of a value in whichever precision it exists. */
  either(name: string): string {
    return this.#without.has(name) ? this.#halves.get(name)! : name;
  }
}

/** A node with other inputs and outputs. */
function renamed(
  part: Uint8Array,
  inputs: readonly string[],
  outputs: readonly string[],
): Uint8Array {
  const rest = [...fields(part)].filter(({ id }) => id > 2).map(({ raw }) => raw);
  return joined([
    ...inputs.map((name) => field(1, name)),
    ...outputs.map((name) => field(2, name)),
    ...rest,
  ]);
}
