/** Checks that tensors fit a graph before they are sent to its worker. @module */

import { sizeOf } from "../tensor/tensor.ts";
import type { GraphPort, Signature } from "./graph.ts";
import type { Inputs } from "./session.ts";

/**
 * Checks names, ranks and sizes.
 *
 * @throws {TypeError} If an input is missing or unknown.
 * @throws {RangeError} If an input has another shape than the graph asks for.
 */
export function checkInputs(
  graph: string,
  { inputs: ports }: Signature,
  inputs: Inputs,
): void {
  const wanted = ports.map((port) => port.name);
  for (const name of Object.keys(inputs)) {
    if (!wanted.includes(name)) {
      throw new TypeError(
        `Cannot run the graph "${graph}": it has no input "${name}", only ${wanted.join(", ")}`,
      );
    }
  }
  for (const port of ports) checkInput(graph, port, inputs[port.name]);
}

function checkInput(graph: string, port: GraphPort, input: Inputs[string] | undefined): void {
  const start = `Cannot run the graph "${graph}": its input "${port.name}"`;
  const wanted = `[${port.dims.map((dim) => isFree(dim) ? "any" : dim)}]`;
  if (!input) throw new TypeError(`${start} is missing; it takes ${wanted}`);
  const fits = input.dims.length === port.dims.length &&
    port.dims.every((dim, axis) => isFree(dim) || dim === input.dims[axis]);
  if (!fits) throw new RangeError(`${start} takes ${wanted}, got [${input.dims}]`);
  if ("data" in input && input.data.length !== sizeOf(input.dims)) {
    throw new RangeError(
      `${start} says [${input.dims}] but holds ${input.data.length} values`,
    );
  }
}

function isFree(dim: number | string): boolean {
  return typeof dim === "string" || dim < 0;
}
