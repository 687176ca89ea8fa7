/** An operation of an untrusted ONNX file, read in one pass. @module */

import { fields } from "./protobuf.ts";

/** The content of a node; if a string is given twice, the last one counts. */
export interface Operation {
  /** Name of its operator. */
  readonly op: string;
  /** Domain of its operator; empty for that of ONNX. */
  readonly domain: string;
  /** Names of its inputs; an empty name is an omitted input. */
  readonly inputs: readonly string[];
  /** Names of its outputs. */
  readonly outputs: readonly string[];
  /** Its attributes, as messages. */
  readonly attributes: readonly Uint8Array[];
}

const decoder = new TextDecoder();

/** Reads a node. */
export function operationOf(node: Uint8Array): Operation {
  let op = "", domain = "";
  const inputs: string[] = [], outputs: string[] = [], attributes: Uint8Array[] = [];
  for (const { id, bytes } of fields(node)) {
    if (bytes === undefined) continue;
    if (id === 1) inputs.push(decoder.decode(bytes));
    else if (id === 2) outputs.push(decoder.decode(bytes));
    else if (id === 4) op = decoder.decode(bytes);
    else if (id === 5) attributes.push(bytes);
    else if (id === 7) domain = decoder.decode(bytes);
  }
  return { op, domain, inputs, outputs, attributes };
}
