/** How many values the operations of an ONNX file make, as far as the numbers in it tell. @module */

import { type Constants, numbersIn } from "./constants.ts";
import type { Operation } from "./operation.ts";
import { strings } from "./protobuf.ts";

type Numbers = readonly number[] | undefined;

/** The constant inputs of an operation, by their place. */
type Inputs = (place: number) => Numbers;

/** Operators whose inputs determine the size of their result, and how many values these ask for at least. */
const SIZED: Readonly<Record<string, (input: Inputs) => number>> = {
  AffineGrid: (input) => product(input(1)),
  BlackmanWindow: (input) => product(input(0)),
  CenterCropPad: (input) => product(input(1)),
  ConstantOfShape: (input) => product(input(0)),
  Expand: (input) => product(input(1)),
  HammingWindow: (input) => product(input(0)),
  HannWindow: (input) => product(input(0)),
  MaxUnpool: (input) => product(input(2)),
  OneHot: (input) => product(input(1)),
  Pad: (input) => product(pairSums(input(1))),
  Range: (input) => count(input(0), input(1), input(2)),
  // Opset 10 has the scales where later ones have a region.
  Resize: (input) => Math.max(product(input(1)), product(input(2)), product(input(3))),
  Tile: (input) => product(input(1)),
  Upsample: (input) => product(input(1)),
};

/** Attributes that enlarge the result of any operator that has them. */
const ENLARGING: Readonly<Record<string, (numbers: Numbers) => number>> = {
  output_padding: product,
  output_shape: product,
  pads: (numbers) => product(pairSums(numbers)),
  repeats: product,
  scales: product,
  shape: product,
  strides: product,
};

/** The least number of values that an operation makes; sizes that are known only in a run count as 1. */
export function leastValues(
  { op, inputs, attributes }: Operation,
  constants: Constants,
): number {
  const byInputs = Object.hasOwn(SIZED, op)
    ? SIZED[op]((place) => constants.get(inputs[place] ?? "")?.())
    : 1;
  const byAttributes = attributes.map((attribute) => {
    const name = strings(attribute, 1).at(-1) ?? "";
    return Object.hasOwn(ENLARGING, name) ? ENLARGING[name](numbersIn(attribute)) : 1;
  });
  return Math.max(byInputs, ...byAttributes);
}

function product(numbers: Numbers = []): number {
  return numbers.reduce((product, value) => product * Math.max(1, value), 1);
}

/** The padding of each axis: the widths at all beginnings come before those at all ends. */
function pairSums(numbers: Numbers = []): number[] {
  const half = numbers.length / 2;
  return Array.from({ length: half }, (_, axis) => numbers[axis] + numbers[half + axis]);
}

/** Length of a range; with a step of 0 it has no end. */
function count(start: Numbers, limit: Numbers, delta: Numbers): number {
  if (!start?.length || !limit?.length || !delta?.length) return 1;
  const length = (limit[0] - start[0]) / delta[0];
  return Number.isNaN(length) ? 1 : length;
}
