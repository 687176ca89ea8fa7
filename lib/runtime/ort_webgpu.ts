/** The provider `webgpu`: ONNX Runtime on `navigator.gpu`, whose outputs stay in the memory of the GPU. @module */

import { inFloat16 } from "../onnx/float16.ts";
import { sizeOf, type Tensor, tensor } from "../tensor/tensor.ts";
import { type GpuMemory, gpuMemory, type GpuValues } from "./gpu_memory.ts";
import {
  type Device,
  type DeviceTensor,
  type EngineOptions,
  type GraphSource,
  isOnDevice,
  type LoadedGraph,
  signatureOf,
} from "./graph.ts";
import { openOrt } from "./ort_web.ts";
import { imagesOf } from "./range.ts";

/** ONNX Runtime's entry for WebGPU. */
type Ort = typeof import("onnxruntime-web/webgpu");
/** A tensor of it. */
type OrtTensor = InstanceType<Ort["Tensor"]>;

/** The memory of the device, which all graphs of a thread share. */
let memory: GpuMemory | undefined;

/** Loads one graph to run on `navigator.gpu`. */
export async function loadWebgpu(graph: GraphSource, options: EngineOptions): Promise<LoadedGraph> {
  // A worker from a file: URL has the origin "null", which this entry cannot parse as a base URL.
  if (globalThis.location?.origin === "null") {
    Object.defineProperty(globalThis, "location", { value: undefined, configurable: true });
  }
  const ort = await import("onnxruntime-web/webgpu");
  // This entry starts its threads from blob: URLs, which Deno refuses; the GPU does the work anyway.
  const bytes = options.half ? inFloat16(graph.bytes) : graph.bytes;
  const session = await openOrt(ort, { ...graph, bytes }, { ...options, threads: 1 }, {
    executionProviders: ["webgpu"],
    preferredOutputLocation: "gpu-buffer",
  });
  const device = memory ??= gpuMemory(await ort.env.webgpu.device as GPUDevice);
  return {
    signature: signatureOf(session),
    async run(inputs, wanted = session.outputNames) {
      const feeds = Object.entries(inputs).map(([name, value]) => [name, toOrt(ort, value)]);
      const outputs = await session.run(Object.fromEntries(feeds));
      const kept = Object.entries(outputs).filter(([name, value]) => {
        if (!wanted.includes(name)) value.dispose();
        return wanted.includes(name);
      });
      return Object.fromEntries(kept.map(([name, value]) => [name, fromOrt(value, device)]));
    },
    device: deviceOf(ort, device),
  };
}

/** A GPU as the graphs see it. */
function deviceOf(ort: Ort, memory: GpuMemory): Device {
  const own = (buffer: GPUBuffer, dims: readonly number[]) => ours(ort, buffer, dims, memory);
  const valuesOf = (value: DeviceTensor) => (value as Left).values;
  return {
    put: ({ data, dims }) => own(memory.write(data), dims),
    draw(recipe) {
      const { buffer, up } = memory.draw(recipe);
      return { noise: own(buffer, recipe.dims), up };
    },
    async sum(terms, limit) {
      const values = terms.map(([weight, value]) => [weight, valuesOf(value)] as const);
      return own(await memory.sum(values, limit), terms[0][1].dims);
    },
    cut(images, window) {
      const { dims } = images;
      const buffer = memory.cut(valuesOf(images), dims, window);
      return buffer && own(buffer, [dims[0], dims[1], window.height, window.width]);
    },
    async zeros(dims) {
      const buffer = await memory.zeros(sizeOf(dims));
      return buffer && own(buffer, dims);
    },
    add: (whole, part, patch) => memory.add(valuesOf(whole), valuesOf(part), part.dims, patch),
  };
}

/** A tensor that a graph has left in the memory of the GPU. */
interface Left extends DeviceTensor {
  /** That of ONNX Runtime. */
  readonly own: OrtTensor;
  /** Its memory. */
  readonly values: GpuValues;
}

function toOrt(ort: Ort, value: Tensor | DeviceTensor): OrtTensor {
  if (isOnDevice(value)) return (value as Left).own;
  return new ort.Tensor("float32", value.data, value.dims);
}

function fromOrt(own: OrtTensor, memory: GpuMemory): Tensor | Left {
  // One without values is left in the memory of the CPU.
  if (own.location === "gpu-buffer") return left(own, memory);
  return tensor(own.dims, (own.data as Float32Array).slice());
}

/** A tensor in the memory of the GPU. */
function left(own: OrtTensor, memory: GpuMemory): Left {
  const { dims } = own;
  const values = { buffer: own.gpuBuffer as unknown as GPUBuffer, length: sizeOf(dims) };
  return {
    own,
    values,
    dims,
    ranges: () => memory.ranges(values, imagesOf(dims)),
    read: async () => tensor(dims, await memory.read(values)),
    dispose: () => own.dispose(),
  };
}

/** A tensor that no graph has left, but that is given to one. */
function ours(ort: Ort, buffer: GPUBuffer, dims: readonly number[], memory: GpuMemory): Left {
  const gpuBuffer = buffer as Parameters<typeof ort.Tensor.fromGpuBuffer>[0];
  const own = ort.Tensor.fromGpuBuffer(gpuBuffer, { dataType: "float32", dims });
  return { ...left(own, memory), dispose: () => buffer.destroy() };
}
