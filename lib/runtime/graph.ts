/** What a provider does with one ONNX file, inside the worker. @module */

import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** One ONNX file, to be opened as a session. */
export interface GraphSource {
  /** Its name in the model card, such as `denoiser`. */
  readonly name: string;
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** Precision of the weights, which says how exact the self-check can be. @default {"fp32"} */
  readonly precision?: "fp32" | "fp16" | "int8";
}

/** One input or output of a graph. */
export interface GraphPort {
  /** Its name in the ONNX file. */
  readonly name: string;
  /** Its sizes; a word or -1 stands for a size that is free. */
  readonly dims: readonly (number | string)[];
}

/** Every input and output of a graph. */
export interface Signature {
  /** What `run` must be given. */
  readonly inputs: readonly GraphPort[];
  /** What `run` returns. */
  readonly outputs: readonly GraphPort[];
}

/** A graph that its provider has loaded. */
export interface LoadedGraph {
  /** Its inputs and outputs. */
  readonly signature: Signature;
  /** Runs it once; blocks the event loop of its thread on most providers. */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
}

/** How a provider is set up. */
export interface EngineOptions {
  /** Number of threads of the CPU, at least 1. */
  readonly threads: number;
  /** URL of the folder with ONNX Runtime's `.wasm` and `.mjs` files, for a bundled page. */
  readonly wasmPaths?: string;
}

/** Session options that all providers share: errors only on stderr. */
export const quiet = { logSeverityLevel: 3 } as const satisfies InferenceSession.SessionOptions;

/** Gives a session of ONNX Runtime the shape of {@linkcode LoadedGraph}. */
export function adaptSession(
  session: InferenceSession,
  OrtTensorClass: typeof OrtTensor,
): LoadedGraph {
  return {
    signature: {
      inputs: session.inputMetadata.map(toPort),
      outputs: session.outputMetadata.map(toPort),
    },
    async run(inputs) {
      const feeds: Record<string, OrtTensor> = {};
      for (const [name, { data, dims }] of Object.entries(inputs)) {
        feeds[name] = new OrtTensorClass("float32", data, dims);
      }
      const outputs = await session.run(feeds);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, value]) => [name, fromOrt(value)]),
      );
    },
  };
}

function toPort(value: InferenceSession.ValueMetadata): GraphPort {
  if (!value.isTensor || value.type !== "float32") {
    const type = value.isTensor ? value.type : "no tensor";
    throw new TypeError(`"${value.name}" is ${type}; export the graph with float32 in and out`);
  }
  return { name: value.name, dims: value.shape };
}

function fromOrt(value: OrtTensor): Tensor {
  const data = value.data as Float32Array;
  // Only a buffer that holds nothing else can be handed to another thread.
  const own = data.byteLength === data.buffer.byteLength ? data : data.slice();
  return tensor(value.dims, own);
}
