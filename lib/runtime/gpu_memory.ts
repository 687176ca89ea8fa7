/** Operations in the memory of a GPU: values, their sums, noise, and the least and largest value. @module */

import { sumOf, type Term } from "../tensor/arithmetic.ts";
import { drawn, type NoiseRecipe, quantiles, rowKeys } from "../tensor/noise.ts";
import { sizeOf, type Tensor, tensor } from "../tensor/tensor.ts";
import type { Patch } from "../tensor/patch.ts";
import type { Rect } from "../tensor/window.ts";
import { type Range, rangesOf } from "./range.ts";

/** A stretch of float32 at the beginning of a buffer. */
export interface GpuValues {
  /** The buffer, which may be longer. */
  readonly buffer: GPUBuffer;
  /** Number of values, at least 1. */
  readonly length: number;
}

/** Access to the memory of one device. */
export interface GpuMemory {
  /** Copies values from the memory of the CPU to a new buffer. */
  write(values: Float32Array): GPUBuffer;
  /** Copies values to the memory of the CPU. */
  read(values: GpuValues): Promise<Float32Array>;
  /**
   * Sums values with weights into a new buffer, and clamps the sum to [-limit, limit].
   *
   * @param terms One to four, of the same length.
   */
  sum(terms: readonly Term<GpuValues>[], limit: number): Promise<GPUBuffer>;
  /** Draws the noise that `noise()` draws into a new buffer; `up` is the number of bytes that were sent for it. */
  draw(recipe: NoiseRecipe): { buffer: GPUBuffer; up: number };
  /** Cuts a window out of images of these sizes into a new buffer; undefined if they are too large for a shader. */
  cut(values: GpuValues, dims: readonly number[], window: Rect): GPUBuffer | undefined;
  /** A new buffer of zeros; undefined if it is too large for a shader, or there is no room. */
  zeros(length: number): Promise<GPUBuffer | undefined>;
  /** Adds a part of these sizes to images. */
  add(whole: GpuValues, part: GpuValues, dims: readonly number[], patch: Patch): void;
  /** Range of each of `count` images, found on the device: 8 bytes an image come back. One that holds NaN is not finite. */
  ranges(values: GpuValues, count: number): Promise<Range[]>;
}

const THREADS = 256;
/** Most workgroups that find a range, since each must report its own; a thread then goes through several values. */
const GROUPS = 64;
/** Most workgroups of one axis on every device. */
const MOST_GROUPS = 65535;

/**
 * Floats are compared as integers of the same order: all bits of a negative float are inverted, of others only the sign.
 * NaN and infinity are then the outermost integers; shaders that compare floats may not detect them.
 */
const RANGE_SHADER = `
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

/** Largest finite float32, which stands for no limit: shaders need not know infinity. */
const LARGEST = 3.4028234663852886e38;

/** The shader of a sum of `count` terms. */
function sumShader(count: number): string {
  const terms = Array.from({ length: count }, (_, i) => i);
  return `
struct How { weights: vec4f, limit: f32, size: u32 }
${terms.map((i) => `@group(0) @binding(${i}) var<storage, read> x${i}: array<f32>;`).join("\n")}
@group(0) @binding(${count}) var<storage, read_write> sum: array<f32>;
@group(0) @binding(${count + 1}) var<uniform> how: How;

@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < how.size; i += groups.x * ${THREADS}u) {
    let value = ${terms.map((i) => `how.weights[${i}] * x${i}[i]`).join(" + ")};
    sum[i] = clamp(value, -how.limit, how.limit);
  }
}`;
}

/** What `noise()` does with each pixel; the table and the keys of the rows are computed on the CPU. */
const NOISE_SHADER = `
struct How { left: i32, width: u32, size: u32, scale: f32 }
@group(0) @binding(0) var<storage, read> normals: array<f32>;
@group(0) @binding(1) var<storage, read_write> noise: array<f32>;
@group(0) @binding(2) var<storage, read> keys: array<vec2u>;
@group(0) @binding(3) var<uniform> how: How;

fn finalizer(given: u32) -> u32 {
  var word = (given ^ (given >> 16u)) * 0x85ebca6bu;
  word = (word ^ (word >> 13u)) * 0xc2b2ae35u;
  return word ^ (word >> 16u);
}

@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < how.size; i += groups.x * ${THREADS}u) {
    let key = keys[i / how.width];
    let column = how.left + i32(i % how.width);
    let word = finalizer(finalizer(bitcast<u32>(column >> 1u) + key.x) + key.y);
    let half = select(word & 0xffffu, word >> 16u, (column & 1) == 1);
    noise[i] = how.scale * normals[half];
  }
}`;

/** Where a value of a window is in the whole images, whose last pixels are repeated beyond their edges. */
const WINDOW = `
struct Window { x: u32, y: u32, width: u32, height: u32, wholeWidth: u32, wholeHeight: u32, size: u32 }

struct Place { column: u32, row: u32, whole: u32 }

fn placeOf(i: u32, window: Window) -> Place {
  let column = i % window.width;
  let line = i / window.width;
  let row = line % window.height;
  let x = min(window.x + column, window.wholeWidth - 1u);
  let y = min(window.y + row, window.wholeHeight - 1u);
  return Place(column, row, (line / window.height * window.wholeHeight + y) * window.wholeWidth + x);
}`;

const CUT_SHADER = `${WINDOW}
@group(0) @binding(0) var<storage, read> whole: array<f32>;
@group(0) @binding(1) var<storage, read_write> part: array<f32>;
@group(0) @binding(2) var<uniform> window: Window;

@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < window.size; i += groups.x * ${THREADS}u) {
    part[i] = whole[placeOf(i, window).whole];
  }
}`;

const ADD_SHADER = `${WINDOW}
@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read_write> whole: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>; // of the part's rows, then of its columns
@group(0) @binding(3) var<uniform> window: Window;

@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < window.size; i += groups.x * ${THREADS}u) {
    let place = placeOf(i, window);
    let weight = weights[place.row] * weights[window.height + place.column];
    if (weight != 0.0) { whole[place.whole] += weight * part[i]; }
  }
}`;

/** The memory of a device. */
export function gpuMemory(device: GPUDevice): GpuMemory {
  /** The pipelines by their shaders, made when they are needed. */
  const pipelines = new Map<string, GPUComputePipeline>();
  /** The table of the noise, sent once. */
  let normals: GPUBuffer | undefined;

  /** A new buffer of the kind that graphs take and give. */
  function create(bytes: number): GPUBuffer {
    const { COPY_DST, COPY_SRC, STORAGE } = GPUBufferUsage;
    return device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC | COPY_DST });
  }

  /** A new buffer of numbers that all threads of a shader read. */
  function uniform(data: ArrayBuffer): GPUBuffer {
    const { COPY_DST, UNIFORM } = GPUBufferUsage;
    const buffer = device.createBuffer({ size: data.byteLength, usage: UNIFORM | COPY_DST });
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  const isBindable = (bytes: number) => bytes <= device.limits.maxStorageBufferBindingSize;
  const bound = ({ buffer, length }: GpuValues): GPUBufferBinding => ({ buffer, size: 4 * length });

  /** Records one pass of a shader over buffers, which are bound in this order. */
  function record(
    code: string,
    buffers: readonly GPUBufferBinding[],
    groups: readonly [number, number],
  ): GPUCommandEncoder {
    const pipeline = pipelines.get(code) ?? device.createComputePipeline({
      layout: "auto",
      compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
    });
    pipelines.set(code, pipeline);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    const entries = buffers.map((resource, binding) => ({ binding, resource }));
    const layout = pipeline.getBindGroupLayout(0);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(...groups);
    pass.end();
    return encoder;
  }

  /** Runs a shader over `length` values, and frees the buffers that were made only for that. */
  function run(
    code: string,
    length: number,
    buffers: readonly GPUBufferBinding[],
    own: readonly GPUBuffer[],
  ): void {
    const all = [...buffers, ...own.map((buffer) => ({ buffer }))];
    device.queue.submit([record(code, all, [groupsOf(length), 1]).finish()]);
    for (const buffer of own) buffer.destroy();
  }

  /** The first bytes of a buffer, after all work that was submitted before. */
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

  /** A sum of values that are too large for a shader. */
  async function sumHere(terms: readonly Term<GpuValues>[], limit: number): Promise<Float32Array> {
    const here: Term<Tensor>[] = [];
    for (const [weight, values] of terms) {
      here.push([weight, tensor([values.length], await read(values))]);
    }
    return sumOf(here, { limit }).data;
  }

  /** A window as the shaders see it, of images of these sizes. */
  function windowOf(
    [n, channels, height, width]: readonly number[],
    { x, y, ...size }: Rect,
  ): { window: GPUBuffer; length: number } {
    const length = n * channels * size.width * size.height;
    const numbers = [x, y, size.width, size.height, width, height, length, 0];
    return { window: uniform(Uint32Array.from(numbers).buffer), length };
  }

  function write(values: Float32Array | Int32Array): GPUBuffer {
    const buffer = create(values.byteLength);
    device.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>);
    return buffer;
  }

  return {
    write,
    read,
    async sum(terms, limit) {
      const [[, first]] = terms;
      if (!isBindable(4 * first.length)) return write(await sumHere(terms, limit));
      const { length } = first;
      const sum = create(4 * length);
      const data = new ArrayBuffer(32);
      new Float32Array(data).set(terms.map(([weight]) => weight));
      new Float32Array(data)[4] = Math.min(limit, LARGEST);
      new Uint32Array(data)[5] = length;
      const buffers = [...terms.map(([, values]) => bound(values)), { buffer: sum }];
      run(sumShader(terms.length), length, buffers, [uniform(data)]);
      return sum;
    },
    draw(recipe) {
      const { index, dims, origin, scale } = recipe;
      const length = sizeOf(dims);
      const bytes = 4 * length;
      if (!isBindable(bytes)) return { buffer: write(drawn(recipe).data), up: bytes };
      const keys = rowKeys(index, dims, origin);
      const table = quantiles();
      const up = keys.byteLength + (normals ? 0 : table.byteLength);
      normals ??= write(table);
      const data = new ArrayBuffer(16);
      new Int32Array(data)[0] = origin.x;
      new Uint32Array(data).set([dims[3], length], 1);
      new Float32Array(data)[3] = scale;
      const buffer = create(bytes);
      const buffers = [{ buffer: normals }, { buffer }];
      run(NOISE_SHADER, length, buffers, [write(keys), uniform(data)]);
      return { buffer, up };
    },
    cut(values, dims, rect) {
      if (!isBindable(4 * values.length)) return undefined;
      const { window, length } = windowOf(dims, rect);
      const buffer = create(4 * length);
      run(CUT_SHADER, length, [bound(values), { buffer }], [window]);
      return buffer;
    },
    async zeros(length) {
      if (!isBindable(4 * length)) return undefined;
      device.pushErrorScope("out-of-memory");
      const buffer = create(4 * length);
      if (await device.popErrorScope() === null) return buffer;
      buffer.destroy();
    },
    add(whole, part, [, , height, width], { dims, x, y, down, across }) {
      const weights = write(Float32Array.of(...down, ...across));
      const { window } = windowOf(dims, { x, y, width, height });
      run(ADD_SHADER, part.length, [bound(part), bound(whole)], [weights, window]);
    },
    async ranges(values, count) {
      if (!isBindable(4 * values.length)) return rangesOf(await read(values), count);
      const perImage = values.length / count;
      const found = create(8 * count);
      const size = uniform(Uint32Array.of(perImage, 0, 0, 0).buffer);
      try {
        const start = Uint32Array.from({ length: 2 * count }, (_, i) => i % 2 ? 0 : 0xffffffff);
        device.queue.writeBuffer(found, 0, start);
        const groups = Math.min(GROUPS, Math.ceil(perImage / THREADS));
        const buffers = [bound(values), { buffer: found }, { buffer: size }];
        const encoder = record(RANGE_SHADER, buffers, [groups, count]);
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

/** Workgroups for `length` values; if there are too many values, each thread goes through several. */
function groupsOf(length: number): number {
  return Math.min(MOST_GROUPS, Math.ceil(length / THREADS));
}

/** The float of an integer of the shader's order. */
function valueOf(key: number): number {
  const bits = key >= 0x80000000 ? key - 0x80000000 : ~key;
  return new Float32Array(Uint32Array.of(bits).buffer)[0];
}
