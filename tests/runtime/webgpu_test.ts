import { expect } from "expect";
import { countMoved } from "../../bench/speed/child.ts";
import { toImage } from "../../lib/image/pixels.ts";
import { families } from "../../lib/models/mod.ts";
import { openSessions } from "../../lib/runtime/providers.ts";
import { gpuMemory } from "../../lib/runtime/gpu_memory.ts";
import type { Unseen } from "../../lib/runtime/outputs.ts";
import { loadWebgpu } from "../../lib/runtime/ort_webgpu.ts";
import { isFiniteRange, rangesOf } from "../../lib/runtime/range.ts";
import { graphDesk, type Numbered, type Reply } from "../../lib/runtime/worker.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { readCard } from "../../lib/zoo/mod.ts";
import { bytesApart, readTiny, sampleOf, testPicture } from "../contracts/family.ts";

if (!Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
const ignore = !await navigator.gpu?.requestAdapter();

/** The graphs of a tiny entry. */
async function graphsOfTiny(id = "srdiff-tiny") {
  const { card, folder } = await readTiny(id);
  const graphs = await Promise.all(
    Object.entries(card.graphs).map(async ([name, { file }]) => ({
      name,
      bytes: await Deno.readFile(new URL(file, folder)),
    })),
  );
  return { card, graphs };
}

Deno.test({
  name: "srdiff() on WebGPU is the CPU's image within 2/255, and leaves its features on the GPU",
  ignore,
  async fn() {
    const { card, graphs } = await graphsOfTiny();
    const lr = testPicture(12, 12);
    await using cpu = await openSessions(graphs, { provider: "native", threads: 1 });
    await using gpu = await openSessions(graphs, { provider: "webgpu" });
    const steps = 4;
    const image = await sampleOf({ card, model: families.srdiff(card, cpu.sessions) }, lr, {
      steps,
    });
    const model = families.srdiff(card, gpu.sessions);
    expect(bytesApart(await sampleOf({ card, model }, lr, { steps }), image)).toBeLessThan(2);
    // Up go the input and, at each step, the state and the time; down come the estimate and the predictions.
    const [small, large] = [lr.data.byteLength, image.data.byteLength];
    expect(gpu.moved).toEqual({ up: small + steps * (large + 4), down: large + steps * large });
    expect(cpu.moved).toEqual({ up: 0, down: 0 });
  },
});

Deno.test({
  name: "countMoved() tells the bytes that one image of an entry moves to and from a GPU",
  ignore,
  async fn() {
    const card = await readCard(new URL("../../zoo/srdiff/model.yml", import.meta.url));
    const source = toImage(testPicture(8, 12), { channels: 3 });
    // With a frame of 6: the input, its estimate, the state, the prediction, and the time.
    const values = (8 + 12) * (12 + 12) * 3 * (1 + 3 * 16) + 1;
    expect(await countMoved(card, source, { steps: 1 })).toBe(4 * values);
  },
});

Deno.test({
  name: "sr3() on WebGPU is the CPU's image within 2/255, and sends the enlarged input once",
  ignore,
  async fn() {
    const { card, graphs } = await graphsOfTiny("sr3-tiny");
    const lr = testPicture(8, 8);
    await using cpu = await openSessions(graphs, { provider: "native", threads: 1 });
    await using gpu = await openSessions(graphs, { provider: "webgpu" });
    const steps = 5;
    const image = await sampleOf({ card, model: families.sr3(card, cpu.sessions) }, lr, { steps });
    const model = families.sr3(card, gpu.sessions);
    expect(bytesApart(await sampleOf({ card, model }, lr, { steps }), image)).toBeLessThan(2);
    const large = image.data.byteLength;
    expect(gpu.moved).toEqual({ up: large + steps * (large + 4), down: steps * large });
  },
});

/** Counts the buffers of GPUs that this thread has. */
function countBuffers(): { alive: () => number } & Disposable {
  const alive = new Set<GPUBuffer>();
  const { createBuffer } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  GPUDevice.prototype.createBuffer = function (how) {
    const buffer = createBuffer.call(this, how);
    alive.add(buffer);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    alive.delete(this);
    return destroy.call(this);
  };
  return {
    alive: () => alive.size,
    [Symbol.dispose]() {
      GPUDevice.prototype.createBuffer = createBuffer;
      GPUBuffer.prototype.destroy = destroy;
    },
  };
}

Deno.test({
  name: "the memory of a GPU does not grow over 20 runs",
  ignore,
  // ONNX Runtime keeps its device.
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    using buffers = countBuffers();
    const { graphs } = await graphsOfTiny();
    const desk = graphDesk({ webgpu: loadWebgpu });
    await desk.open({ kind: "open", provider: "webgpu", graphs, options: { threads: 1 } });
    const lr = testPicture(12, 12);
    const [x, values] = [testPicture(48, 48), testPicture(48, 48)];
    const t = tensor([1], Float32Array.of(3));
    const counts: number[] = [];
    for (let i = 0; i < 20; i++) {
      const outputs = await held(desk.hold({ kind: "hold", graph: "encoder", inputs: { lr } }));
      const { features } = outputs;
      const placed = (await held(desk.put({ kind: "put", values }))).values;
      const inputs = { x: i % 2 ? placed : x, t, features };
      await desk.run({ kind: "run", graph: "denoiser", inputs, outputs: ["prediction"] });
      for (const { number } of [placed, ...Object.values(outputs)]) {
        await desk.drop({ kind: "drop", number });
      }
      counts.push(buffers.alive());
    }
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts.at(-1)).toBe(counts[4]);
  },
});

/** Where a call has left its outputs. */
async function held(answer: ReturnType<ReturnType<typeof graphDesk>["hold"]>) {
  const reply = (await answer as { reply: Reply }).reply;
  if (reply.kind !== "outputs") throw new Error(`the desk answered "${reply.kind}"`);
  return reply.outputs as Record<string, Numbered & Unseen>;
}

Deno.test({
  name: "a GPU finds the range that the CPU finds, NaN and infinity included",
  ignore,
  async fn() {
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter!.requestDevice();
    const memory = gpuMemory(device);
    for (
      const values of [
        [0],
        [-1, 2, -3, 0.5],
        [0, 1e-42, -1e-42, 0],
        [1, NaN, 3, 4],
        [1, -NaN, 3, 4],
        [1, 2, Infinity, -5],
        [-Infinity, 2, 3, 4],
        Array.from({ length: 100_000 }, (_, i) => 1e3 * Math.sin(i)),
      ]
    ) {
      const data = Float32Array.from(values);
      const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
      const usage = STORAGE | COPY_SRC | COPY_DST;
      const buffer = device.createBuffer({ size: data.byteLength + 64, usage });
      device.queue.writeBuffer(buffer, 0, data);
      const at = { buffer, length: data.length };
      expect(await memory.read(at)).toEqual(data);
      for (const count of [1, 2, 4].filter((count) => data.length % count === 0)) {
        const found = await memory.ranges(at, count);
        const wanted = rangesOf(data, count);
        for (const [i, range] of wanted.entries()) {
          if (isFiniteRange(range)) expect(found[i]).toEqual(range);
          else expect(isFiniteRange(found[i])).toBe(false);
        }
      }
      buffer.destroy();
    }
    device.destroy();
  },
});
