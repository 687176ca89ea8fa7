/** Checks the outputs of a graph before they are used. @module */

import { allFinite } from "../tensor/linear.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";

/** Sizes that an output must have; undefined stands for any. */
export type OutputDims = readonly (number | undefined)[];

/** Outputs that no network gives on purpose: the provider computed wrongly, or overflowed. */
export class OutputError extends Error {
  /** Makes the error; the message names the graph, the output and its fault. */
  constructor(message: string) {
    super(message);
    this.name = "OutputError";
  }
}

/**
 * Picks the outputs that are wanted, and checks their names, shapes and values.
 *
 * @param wanted Sizes by name; absent if every output is wanted, with any sizes.
 * @throws {TypeError} If an output is missing.
 * @throws {RangeError} If an output has another shape, or is NaN because an input is.
 * @throws {OutputError} If an output holds NaN or infinity, or is constant although the input is not.
 */
export function checkOutputs(
  graph: string,
  inputs: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<string, Tensor>>,
  wanted?: Readonly<Record<string, OutputDims>>,
): Record<string, Tensor> {
  const names = wanted ? Object.keys(wanted) : Object.keys(outputs);
  const picked = names.map((name) => {
    const output = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    const start = `Cannot use the graph "${graph}": its output "${name}"`;
    if (!output) {
      const given = Object.keys(outputs).join(", ") || "none";
      throw new TypeError(`${start} is missing, it gives ${given}`);
    }
    if (wanted) checkShape(start, output, wanted[name]);
    checkValues(start, output, inputs);
    return [name, output] as const;
  });
  return Object.fromEntries(picked);
}

function checkShape(start: string, { dims, data }: Tensor, wanted: OutputDims): void {
  const fits = dims.length === wanted.length &&
    wanted.every((size, axis) => size === undefined || size === dims[axis]);
  if (!fits) {
    const shown = wanted.map((size) => size ?? "any").join(",");
    throw new RangeError(`${start} is [${dims}], the model card needs [${shown}]`);
  }
  if (data.length !== sizeOf(dims)) {
    throw new RangeError(`${start} says [${dims}] but holds ${data.length} values`);
  }
}

/** How much an input in [-1, 1] must vary before a constant output counts as a fault. */
const VARIED = 0.5;

function checkValues(
  start: string,
  { dims, data }: Tensor,
  inputs: Readonly<Record<string, Tensor>>,
): void {
  // Each image of a batch by itself: one that failed must not hide behind the others.
  const count = dims.length < 4 ? 1 : dims[0];
  for (let i = 0; i < count; i++) {
    const values = part(data, i, count);
    if (!allFinite({ data: values })) {
      checkFinite(inputs);
      throw new OutputError(`${start} holds NaN or infinity`);
    }
    // Only images and features must vary; a map of one channel, such as that of damage, need not.
    if (values.length < 2 || !isConstant(values) || dims.length < 4 || dims[1] === 1) continue;
    const isVaried = Object.values(inputs).some(({ dims, data }) => {
      const { least, most } = rangeOf(dims[0] === count ? part(data, i, count) : data);
      return dims.length === 4 && most - least > VARIED;
    });
    if (isVaried) {
      throw new OutputError(`${start} is ${values[0]} everywhere, though the input is not flat`);
    }
  }
}

/** If an input is NaN, a NaN output is not the provider's fault. */
function checkFinite(inputs: Readonly<Record<string, Tensor>>): void {
  for (const [name, input] of Object.entries(inputs)) {
    if (allFinite(input)) continue;
    throw new RangeError(`Cannot run a graph on NaN or infinity, which its input "${name}" holds`);
  }
}

/** The values of one image of a batch. */
function part(data: Float32Array, i: number, count: number): Float32Array {
  const size = data.length / count;
  return data.subarray(i * size, (i + 1) * size);
}

function isConstant(data: Float32Array): boolean {
  for (let i = 1; i < data.length; i++) if (data[i] !== data[0]) return false;
  return true;
}

/** Least and largest value. */
function rangeOf(data: Float32Array): { least: number; most: number } {
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < data.length; i++) {
    if (data[i] < least) least = data[i];
    if (data[i] > most) most = data[i];
  }
  return { least, most };
}
