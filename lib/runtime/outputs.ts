/** Checks the outputs of a graph before they are used. @module */

import { allFinite } from "../tensor/linear.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import { imagesOf, isFiniteRange, type Range, rangesOf } from "./range.ts";

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

/** A tensor in another memory, of which only this is known. */
export interface Unseen {
  /** Sizes, outermost first. */
  readonly dims: readonly number[];
  /** Least and largest value of each image. */
  readonly ranges: readonly Range[];
}

/**
 * Picks the outputs that are wanted, and checks their names, shapes and values.
 *
 * @param wanted Sizes by name; absent if every output is wanted, with any sizes.
 * @throws {TypeError} If an output is missing.
 * @throws {RangeError} If an output has another shape, or is NaN because an input is.
 * @throws {OutputError} If an output holds NaN or infinity, or is constant although the input is not.
 */
export function checkOutputs<Output extends Tensor | Unseen>(
  graph: string,
  inputs: Readonly<Record<string, Tensor | Unseen>>,
  outputs: Readonly<Record<string, Output>>,
  wanted?: Readonly<Record<string, OutputDims>>,
): Record<string, Output> {
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

function checkShape(start: string, output: Tensor | Unseen, wanted: OutputDims): void {
  const { dims } = output;
  const fits = dims.length === wanted.length &&
    wanted.every((size, axis) => size === undefined || size === dims[axis]);
  if (!fits) {
    const shown = wanted.map((size) => size ?? "any").join(",");
    throw new RangeError(`${start} is [${dims}], the model card needs [${shown}]`);
  }
  if ("data" in output && output.data.length !== sizeOf(dims)) {
    throw new RangeError(`${start} says [${dims}] but holds ${output.data.length} values`);
  }
}

/** How much an input in [-1, 1] must vary before a constant output counts as a fault. */
const VARIED = 0.5;

function checkValues(
  start: string,
  output: Tensor | Unseen,
  inputs: Readonly<Record<string, Tensor | Unseen>>,
): void {
  const { dims } = output;
  // Each image of a batch by itself: one that failed must not hide behind the others.
  const images = imagesIn(output);
  for (const [i, image] of images.entries()) {
    if (!areFinite(image)) {
      checkFinite(inputs);
      throw new OutputError(`${start} holds NaN or infinity`);
    }
    // Only images and features must vary; a map of one channel, such as that of damage, need not.
    const isSingle = sizeOf(dims) < 2 * images.length;
    if (isSingle || !isConstant(image) || dims.length < 4 || dims[1] === 1) continue;
    const isVaried = Object.values(inputs).some((input) => {
      if (input.dims.length !== 4) return false;
      const own = imagesIn(input);
      const { least, most } = rangeOf(own.length === images.length ? [own[i]] : own);
      return most - least > VARIED;
    });
    if (isVaried) {
      const { least } = rangeOf([image]);
      throw new OutputError(`${start} is ${least} everywhere, although the input is not flat`);
    }
  }
}

/** If an input is NaN, a NaN output is not the provider's fault; an output of a graph never is NaN. */
function checkFinite(inputs: Readonly<Record<string, Tensor | Unseen>>): void {
  for (const [name, input] of Object.entries(inputs)) {
    if (imagesIn(input).every(areFinite)) continue;
    throw new RangeError(`Cannot run a graph: its input "${name}" contains NaN or infinity`);
  }
}

/** The values of one image, or their range alone. */
type Values = Float32Array | Range;

/** The images of a batch. */
function imagesIn(value: Tensor | Unseen): readonly Values[] {
  if ("ranges" in value) return value.ranges;
  const count = imagesOf(value.dims);
  const size = value.data.length / count;
  return Array.from({ length: count }, (_, i) => value.data.subarray(i * size, (i + 1) * size));
}

function areFinite(values: Values): boolean {
  return "least" in values ? isFiniteRange(values) : allFinite({ data: values });
}

function isConstant(values: Values): boolean {
  if ("least" in values) return values.least === values.most;
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

/** The range of several images together. */
function rangeOf(images: readonly Values[]): Range {
  const ranges = images.map((values) => "least" in values ? values : rangesOf(values, 1)[0]);
  const least = Math.min(...ranges.map((range) => range.least));
  return { least, most: Math.max(...ranges.map((range) => range.most)) };
}
