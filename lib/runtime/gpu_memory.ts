/** What is asked of the memory of a GPU: values, and the least and largest of them. @module */

import { type Range, rangesOf } from "./range.ts";

/** A stretch of float32 at the beginning of a buffer. */
export interface GpuValues {
  /** The buffer, which may be longer. */
  readonly buffer: GPUBuffer;
  /** Number of values, at least 1. */
  readonly length: number;
}

/** What reads the memory of one device. */
export interface GpuMemory {
  /** Copies values from the memory of the CPU to a new buffer. */
  write(values: Float32Array): GPUBuffer;
  /** Copies values to the memory of the CPU. */
  read(values: GpuValues): Promise<Float32Array>;
  /** Range of each of `count` images, found on the device: 8 bytes an image come back. One that holds NaN is not finite. */
  ranges(values: GpuValues, count: number): Promise<Range[]>;
}

const THREADS = 256;
/** Most workgroups; each thread then goes through more than one value. */
const GROUPS = 64;

/**
 * Floats are compared as integers of the same order: all bits of a negative one are turned, of another the sign alone.
 * NaN and infinity then are the outermost integers, which shaders of floats may not tell from others.
 */
const SHADER = `
@group(0) @binding(0) var<storage, read> values: array<u32>;
@group(0) @binding(1) var<storage, read_write> found: array<atomic<u32>>;
@group(0) @binding(2) var<uniform> size: vec4u; // values of an image
var<workgroup> least: atomic<u32>;
var<workgroup> most: atomic<u32>;

@compute @workgroup_size(${THREADS})
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  if (local == 0u) { atomicStore(&least, 0xffffffffu); }
  workgroupBarrier();
  var low = 0xffffffffu;
  var high = 0u;
  for (var i = id.x; i < size.x; i += groups.x * ${THREADS}u) {
    let bits = values[group.y * size.x + i];
    let key = select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
    low = min(low, key);
    high = max(high, key);
  }
  atomicMin(&least, low);
  atomicMax(&most, high);
  workgroupBarrier();
  if (local == 0u) {
    atomicMin(&found[2u * group.y], atomicLoad(&least));
    atomicMax(&found[2u * group.y + 1u], atomicLoad(&most));
  }
}`;

/** The memory of a device. */
export function gpuMemory(device: GPUDevice): GpuMemory {
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: SHADER }), entryPoint: "main" },
  });

  /** The first bytes of a buffer, behind all work that was submitted before. */
  async function download(buffer: GPUBuffer, bytes: number, before?: GPUCommandEncoder) {
    const { COPY_DST, MAP_READ } = GPUBufferUsage;
    const staging = device.createBuffer({ size: bytes, usage: COPY_DST | MAP_READ });
    try {
      const encoder = before ?? device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }

  async function read({ buffer, length }: GpuValues) {
    return new Float32Array(await download(buffer, 4 * length));
  }

  return {
    write(values) {
      const { COPY_DST, COPY_SRC, STORAGE } = GPUBufferUsage;
      const usage = STORAGE | COPY_SRC | COPY_DST;
      const buffer = device.createBuffer({ size: values.byteLength, usage });
      device.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>);
      return buffer;
    },
    read,
    async ranges(values, count) {
      const { buffer, length } = values;
      const isBindable = 4 * length <= device.limits.maxStorageBufferBindingSize;
      if (!isBindable) return rangesOf(await read(values), count);
      const { COPY_DST, COPY_SRC, STORAGE, UNIFORM } = GPUBufferUsage;
      const found = device.createBuffer({ size: 8 * count, usage: STORAGE | COPY_SRC | COPY_DST });
      const size = device.createBuffer({ size: 16, usage: UNIFORM | COPY_DST });
      try {
        const perImage = length / count;
        const start = Uint32Array.from({ length: 2 * count }, (_, i) => i % 2 ? 0 : 0xffffffff);
        device.queue.writeBuffer(found, 0, start);
        device.queue.writeBuffer(size, 0, Uint32Array.of(perImage, 0, 0, 0));
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(
          0,
          device.createBindGroup({
            layout: pipeline.getBindGroupLayout(0),
            entries: [
              { binding: 0, resource: { buffer, size: 4 * length } },
              { binding: 1, resource: { buffer: found } },
              { binding: 2, resource: { buffer: size } },
            ],
          }),
        );
        pass.dispatchWorkgroups(Math.min(GROUPS, Math.ceil(perImage / THREADS)), count);
        pass.end();
        const keys = new Uint32Array(await download(found, 8 * count, encoder));
        return Array.from(
          { length: count },
          (_, i) => ({ least: valueOf(keys[2 * i]), most: valueOf(keys[2 * i + 1]) }),
        );
      } finally {
        found.destroy();
        size.destroy();
      }
    },
  };
}

/** The float of an integer of the shader's order. */
function valueOf(key: number): number {
  const bits = key >= 0x80000000 ? key - 0x80000000 : ~key;
  return new Float32Array(Uint32Array.of(bits).buffer)[0];
}
