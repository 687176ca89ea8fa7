/** One ONNX file, loaded by a provider inside the worker. @module */

import type { Term } from "../tensor/arithmetic.ts";
import type { NoiseRecipe } from "../tensor/noise.ts";
import { alone, type Tensor, tensor } from "../tensor/tensor.ts";
import type { Patch } from "../tensor/patch.ts";
import type { Rect } from "../tensor/window.ts";
import type { Range } from "./range.ts";

/** One ONNX file, to be opened as a session. */
export interface GraphSource {
  /** Its name in the model card, such as `denoiser`. */
  readonly name: string;
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** Precision of the weights, which says how exact the self-check can be. @default {"fp32"} */
  readonly precision?: "fp32" | "fp16" | "int8";
  /** Whether it is small and runs seldom, so that it keeps no memory between runs, which makes them slower. @default {false} */
  readonly isBrief?: boolean;
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
  /** Inputs of `run`. */
  readonly inputs: readonly GraphPort[];
  /** Outputs of `run`. */
  readonly outputs: readonly GraphPort[];
}

/** A tensor in the memory of a device that is not the CPU. */
export interface DeviceTensor {
  /** Sizes, outermost first. */
  readonly dims: readonly number[];
  /** Least and largest value of each image, as `rangesOf()` finds them in a tensor. */
  ranges(): Promise<Range[]>;
  /** Its values. */
  read(): Promise<Tensor>;
  /** Frees its memory. */
  dispose(): void;
}

/** A graph that its provider has loaded. */
export interface LoadedGraph {
  /** Its inputs and outputs. */
  readonly signature: Signature;
  /**
   * Runs it once; blocks the event loop of its thread on most providers.
   *
   * @param outputs Names of those that are wanted. @default {all}
   * @returns The outputs, on the device where the provider has one.
   */
  run(
    inputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    outputs?: readonly string[],
  ): Promise<Record<string, Tensor | DeviceTensor>>;
  /** Its device; absent if that is the CPU itself. */
  readonly device?: Device;
}

/** Operations without a graph on a device that has its own memory. */
export interface Device {
  /** Copies a tensor to it. */
  put(values: Tensor): DeviceTensor;
  /** Sums tensors of it, and clamps the sum to [-limit, limit]. */
  sum(terms: readonly Term<DeviceTensor>[], limit: number): Promise<DeviceTensor>;
  /** Draws noise; `up` is the number of bytes that were sent for it. */
  draw(recipe: NoiseRecipe): { noise: DeviceTensor; up: number };
  /** Cuts a window out of images, as `crop()` does; undefined if they are too large for it. */
  cut(images: DeviceTensor, window: Rect): DeviceTensor | undefined;
  /** Images of zeros; undefined if there is no room for them. */
  zeros(dims: readonly number[]): Promise<DeviceTensor | undefined>;
  /** Adds a weighted part to images. */
  add(whole: DeviceTensor, part: DeviceTensor, patch: Patch): void;
}

/** Whether a tensor is in the memory of a device. */
export function isOnDevice(value: Tensor | DeviceTensor): value is DeviceTensor {
  return !("data" in value);
}

/** Options of a provider. */
export interface EngineOptions {
  /** Number of threads of the CPU, at least 1. */
  readonly threads: number;
  /** Whether the graph is converted to fp16; only the provider WebGPU asks. */
  readonly half?: boolean;
  /** URL of the folder with ONNX Runtime's `.wasm` and `.mjs` files, for a bundled page. */
  readonly wasmPaths?: string;
}

/** Session options of all providers: errors are thrown, and not printed as well. */
export const quiet = { logSeverityLevel: 4 } as const;

/** The used part of ONNX Runtime's tensors; only the providers import its packages. */
interface OrtTensor {
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** The used part of ONNX Runtime's descriptions of inputs and outputs. */
type OrtPort =
  | { readonly isTensor: false; readonly name: string }
  | {
    readonly isTensor: true;
    readonly name: string;
    readonly type: string;
    readonly shape: readonly (number | string)[];
  };

/** The inputs and outputs of ONNX Runtime's sessions. */
interface OrtSignature {
  readonly inputMetadata: readonly OrtPort[];
  readonly outputMetadata: readonly OrtPort[];
}

/** The used part of ONNX Runtime's sessions. */
interface OrtSession<Value extends OrtTensor> extends OrtSignature {
  run(feeds: Record<string, Value>): Promise<Readonly<Record<string, OrtTensor>>>;
}

/**
 * Gives a session of ONNX Runtime the shape of {@linkcode LoadedGraph}.
 *
 * @param session The session.
 * @param toOrt Makes a tensor for it.
 */
export function adaptSession<Value extends OrtTensor>(
  session: OrtSession<Value>,
  toOrt: (tensor: Tensor) => Value,
): LoadedGraph {
  return {
    signature: signatureOf(session),
    async run(inputs) {
      const feeds = Object.entries(inputs).map(([name, value]) => {
        if (isOnDevice(value)) throw new TypeError(`"${name}" is on a device, not on the CPU`);
        return [name, toOrt(value)];
      });
      const outputs = await session.run(Object.fromEntries(feeds));
      return Object.fromEntries(
        Object.entries(outputs).map(([name, value]) => [name, fromOrt(value)]),
      );
    },
  };
}

/**
 * The inputs and outputs of a session of ONNX Runtime.
 *
 * @throws {TypeError} If one is not a tensor of float32.
 */
export function signatureOf({ inputMetadata, outputMetadata }: OrtSignature): Signature {
  return { inputs: inputMetadata.map(toPort), outputs: outputMetadata.map(toPort) };
}

function toPort(port: OrtPort): GraphPort {
  if (!port.isTensor || port.type !== "float32") {
    const type = port.isTensor ? port.type : "no tensor";
    throw new TypeError(`"${port.name}" is ${type}; export the graph with float32 in and out`);
  }
  return { name: port.name, dims: port.shape };
}

function fromOrt({ data, dims }: OrtTensor): Tensor {
  return tensor(dims, alone(data as Float32Array)); // to be handed to another thread
}
