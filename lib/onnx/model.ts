/** Parts of ONNX files, read and written as protocol buffers (field numbers of onnx.proto). @module */

import { joined } from "../bytes.ts";
import { type Operation, operationOf } from "./operation.ts";
import { field, fields, messages } from "./protobuf.ts";

/** Element types. */
export const FLOAT = 1, FLOAT16 = 10;

/** One operation of a graph, without its attributes. */
export type OnnxNode = Pick<Operation, "op" | "inputs" | "outputs">;

/** The operations of a model's main graph. */
export function nodesOf(model: Uint8Array): OnnxNode[] {
  return messages(model, 7).flatMap((graph) => messages(graph, 1)).map(operationOf);
}

/**
 * Replaces operations of a model's main graph.
 *
 * @param replace Returns the replacement of an operation; undefined if it stays as it is, with its attributes.
 */
export function replaceNodes(
  model: Uint8Array,
  replace: (node: OnnxNode) => readonly Uint8Array[] | undefined,
): Uint8Array {
  const replaced = (part: Uint8Array) => replace(operationOf(part)) ?? [part];
  const inGraph = (graph: Uint8Array) => mapField(graph, 1, replaced);
  return mapField(model, 7, (graph) => [inGraph(graph)]);
}

/** Replaces messages with this number. */
function mapField(
  message: Uint8Array,
  id: number,
  map: (part: Uint8Array) => readonly Uint8Array[],
): Uint8Array {
  return joined(
    [...fields(message)].flatMap((part) =>
      part.id === id && part.bytes ? map(part.bytes).map((bytes) => field(id, bytes)) : [part.raw]
    ),
  );
}

/** An attribute of a node. */
export type Attribute = number | readonly number[];

/** Writes a node. */
export function node(
  { op, inputs, outputs }: OnnxNode,
  attributes: Readonly<Record<string, Attribute>> = {},
): Uint8Array {
  return joined([
    ...inputs.map((name) => field(1, name)),
    ...outputs.map((name) => field(2, name)),
    field(4, op),
    ...Object.entries(attributes).map(([name, value]) =>
      field(
        5,
        typeof value === "number"
          ? joined([field(1, name), field(3, value), field(20, 2)])
          : joined([field(1, name), ...value.map((item) => field(8, item)), field(20, 7)]),
      )
    ),
  ]);
}

/** Writes a float input or output; sizes that are words, or absent, are left open. */
export function floatValue(name: string, dims?: readonly (number | string)[]): Uint8Array {
  const shape = dims?.map((dim) => field(1, field(typeof dim === "number" ? 1 : 2, dim)));
  const type = joined([field(1, FLOAT), ...shape ? [field(2, joined(shape))] : []]);
  return joined([field(1, name), field(2, field(1, type))]);
}

/** Writes a constant. */
export function floatConstant(
  name: string,
  dims: readonly number[],
  data: Float32Array,
): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return joined([
    ...dims.map((dim) => field(1, dim)),
    field(2, FLOAT),
    field(8, name),
    field(9, bytes),
  ]);
}

/** The parts of a graph. */
export interface OnnxGraph {
  /** Operations, in order. */
  readonly nodes?: readonly Uint8Array[];
  /** Constants. */
  readonly constants?: readonly Uint8Array[];
  /** Inputs. */
  readonly inputs?: readonly Uint8Array[];
  /** Outputs. */
  readonly outputs?: readonly Uint8Array[];
}

/** Writes the graph field of a model. */
export function graphField(graph: OnnxGraph): Uint8Array {
  const { nodes = [], constants = [], inputs = [], outputs = [] } = graph;
  return field(
    7,
    joined([
      ...nodes.map((part) => field(1, part)),
      ...constants.map((part) => field(5, part)),
      ...inputs.map((part) => field(11, part)),
      ...outputs.map((part) => field(12, part)),
    ]),
  );
}

/** Writes a whole model, IR version 8 and opset 17. */
export function onnxModel(graph: OnnxGraph): Uint8Array {
  const named = joined([field(2, "graph")]);
  return joined([
    field(1, 8),
    field(7, named),
    graphField(graph),
    field(8, joined([field(1, ""), field(2, 17)])),
  ]);
}
