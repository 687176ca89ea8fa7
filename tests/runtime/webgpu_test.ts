import { expect } from "expect";
import { countMoved } from "../../bench/speed/child.ts";
import type { SamplerName } from "../../lib/diffusion/samplers/mod.ts";
import { toImage } from "../../lib/image/pixels.ts";
import { families } from "../../lib/models/mod.ts";
import type { SampleInput } from "../../lib/models/model.ts";
import { openSessions } from "../../lib/runtime/providers.ts";
import { gpuMemory } from "../../lib/runtime/gpu_memory.ts";
import type { Unseen } from "../../lib/runtime/outputs.ts";
import { loadWebgpu } from "../../lib/runtime/ort_webgpu.ts";
import { isFiniteRange, rangesOf } from "../../lib/runtime/range.ts";
import { graphDesk, type Numbered, type Reply } from "../../lib/runtime/worker.ts";
import type { Session } from "../../lib/runtime/session.ts";
import { sumOf, type Term } from "../../lib/tensor/arithmetic.ts";
import { type Held, isHeld, valuesOf } from "../../lib/tensor/held.ts";
import { noise } from "../../lib/tensor/noise.ts";
import { sizeOf, type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { crop } from "../../lib/tensor/window.ts";
import { spansOf, type Tiling } from "../../lib/tiling.ts";
import type { ModelCard } from "../../lib/zoo/card.ts";
import { drain } from "../../lib/upscaler.ts";
import { readCard } from "../../lib/zoo/mod.ts";
import { bytesApart, noiseFrom, readTiny, sampleOf, testPicture } from "../contracts/family.ts";
import { countBuffers } from "../_gpu_buffers.ts";

if (!Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
const ignore = !await navigator.gpu?.requestAdapter();

/**
 * Keeps the worker between two samples, however slow the machine is: a new worker would need the noise
 * table again.
 */
const onGpu = { provider: "webgpu", idle: 600_000 } as const;

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
  name: "srdiff() on WebGPU gives the CPU's image within 2/255, and leaves its features on the GPU",
  ignore,
  async fn() {
    const { card, graphs } = await graphsOfTiny();
    const lr = testPicture(12, 12);
    await using cpu = await openSessions(graphs, { provider: "native", threads: 1 });
    await using gpu = await openSessions(graphs, onGpu);
    const there = { card, model: families.srdiff(card, gpu.sessions) };
    const here = { card, model: families.srdiff(card, cpu.sessions) };
    // Four steps use the graph that was trained for them, other numbers the one for any timestep. On a
    // software adapter each step takes seconds.
    const stepsBy: Record<SamplerName, number> = { ddpm: 4, ddim: 2, dpmpp2m: 3 };
    for (const [name, steps] of Object.entries(stepsBy)) {
      const sampler = name as SamplerName;
      const before = { ...gpu.moved };
      const image = await sampleOf(here, lr, { steps, sampler });
      const same = await sampleOf(there, lr, { steps, sampler });
      expect(bytesApart(same, image)).toBeLessThan(2);
      // Uploaded: the input, the first state, and at each step the time and what noise is drawn from: two words for each
      // row of each channel and, once, a table. Downloaded: the estimate and the result, however many steps there are.
      const [small, large] = [lr.data.byteLength, image.data.byteLength];
      const keys = sampler === "ddpm" ? 8 * 3 * image.dims[2] * (steps - 1) : 0;
      const table = sampler === "ddpm" ? 4 * 65536 : 0;
      expect(gpu.moved).toEqual({
        up: before.up + small + large + steps * 4 + keys + table,
        down: before.down + 2 * large,
      });
      // A step that sent the state and read the prediction would move 2 images.
      const perStep = (4 * steps + keys) / steps;
      expect(perStep / (2 * large)).toBeLessThan(sampler === "ddpm" ? 0.05 : 0.0002);
    }
    expect(cpu.moved).toEqual({ up: 0, down: 0 });
    // The caller's own noise is uploaded.
    const before = { ...gpu.moved };
    const noise: SampleInput["noise"] = async (...draw) => {
      const drawn = await noiseFrom()(...draw);
      return await valuesOf(drawn);
    };
    const how = { steps: 4, sampler: "ddpm", noise } as const;
    const image = await sampleOf(here, lr, how);
    expect(bytesApart(await sampleOf(there, lr, how), image)).toBeLessThan(2);
    const large = image.data.byteLength;
    expect(gpu.moved.up - before.up).toBe(lr.data.byteLength + large + 4 * 4 + 3 * large);
  },
});

Deno.test({
  name: "openSessions() with half computes in fp16 if the GPU can, and otherwise says why not",
  ignore,
  async fn() {
    const { card, graphs } = await graphsOfTiny();
    const { folder } = await readTiny("srdiff-tiny");
    const fixture = await Deno.readFile(new URL(card.fixture!.file, folder));
    const lr = testPicture(12, 12);
    await using cpu = await openSessions(graphs, { provider: "native", threads: 1, half: true });
    expect(cpu.tried).toEqual([]);
    await using gpu = await openSessions(graphs, { ...onGpu, fixture, half: true });
    const adapter = await navigator.gpu.requestAdapter();
    const refused = {
      provider: "webgpu in fp16",
      reason: "the GPU adapter has no shader-f16",
      absent: true,
    };
    expect(gpu.tried).toEqual(adapter!.features.has("shader-f16") ? [] : [refused]);
    const [image, same] = [
      await sampleOf({ card, model: families.srdiff(card, cpu.sessions) }, lr, { steps: 2 }),
      await sampleOf({ card, model: families.srdiff(card, gpu.sessions) }, lr, { steps: 2 }),
    ];
    expect(bytesApart(same, image)).toBeLessThan(2);
  },
});

/** Sessions that keep in `alive` what they have left on a device. */
function counted(
  sessions: Readonly<Record<string, Session>>,
): { sessions: Record<string, Session>; alive: Set<Held> } {
  const alive = new Set<Held>();
  const watched = <Value extends Tensor | Held>(value: Value): Value => {
    if (!isHeld(value)) return value;
    const { dispose } = value;
    alive.add(value);
    return Object.assign(value, {
      dispose: () => {
        alive.delete(value);
        dispose.call(value);
      },
    });
  };
  const watching = (session: Session): Session => ({
    ...session,
    async hold(inputs, options) {
      const outputs = Object.entries(await session.hold(inputs, options));
      return Object.fromEntries(outputs.map(([name, value]) => [name, watched(value)]));
    },
    place: (values) => watched(session.place(values)),
    sum: async (terms, options) => watched(await session.sum(terms, options)),
    cut: async (...given) => watched(await session.cut(...given)),
    async add(whole, ...given) {
      const sum = await session.add(whole, ...given);
      return sum === whole ? sum : watched(sum);
    },
  });
  const all = Object.entries(sessions).map(([name, session]) => [name, watching(session)]);
  return { sessions: Object.fromEntries(all), alive };
}

Deno.test({
  name:
    "a sample on WebGPU shows its steps, survives the end of its worker, and leaves nothing behind",
  ignore,
  async fn() {
    const { card, graphs } = await graphsOfTiny();
    const lr = testPicture(12, 12);
    await using cpu = await openSessions(graphs, { provider: "native", threads: 1 });
    await using gpu = await openSessions(graphs, onGpu);
    const { sessions, alive } = counted(gpu.sessions);
    const tiling = { size: 64, overlap: 0, multiple: card.tiling?.multiple ?? 1 };
    const how = { sampler: "ddpm", steps: 5, fidelity: 1, noise: noiseFrom() } as const;
    const begun = await families.srdiff(card, cpu.sessions).condition!({ lr, tiling });
    const shown: Tensor[] = [];
    for await (const { image, state } of begun.sample(how)) {
      shown.push(await image(), await state!());
    }
    const conditioned = await families.srdiff(card, sessions).condition!({ lr, tiling });
    const walk = conditioned.sample(how);
    let next = await walk.next();
    for (let i = 0; !next.done; i++, next = await walk.next()) {
      const { step, image, state } = next.value;
      expect(step).toBe(i + 1);
      const before = gpu.moved.down;
      const seen = [await image(), await state!()];
      for (const k of [0, 1]) expect(bytesApart(seen[k], shown[2 * i + k])).toBeLessThan(2);
      const here = seen.slice(0, step === 1 ? 1 : 2); // the first state is here anyway
      expect(gpu.moved.down - before).toBe(
        here.reduce((sum, { data }) => sum + data.byteLength, 0),
      );
      // A call that is aborted ends the worker, and with it the state.
      if (step === 3) await abortedCall(gpu.sessions.encoder);
    }
    expect(bytesApart(next.value, shown[8])).toBeLessThan(2);
    const left = conditioned.sample(how);
    expect((await left.next()).done).toBe(false);
    await left.return(next.value);
    conditioned.dispose!();
    expect(alive.size).toBe(0);
  },
});

/** The card's tiling, with tiles of this size. */
function tilingOf({ tiling }: ModelCard, size: number): Tiling {
  return { ...tiling!, size };
}

for (const id of ["srdiff-tiny", "sr3-tiny"]) {
  Deno.test({
    name:
      `${id} on WebGPU in several tiles gives the CPU's image within 2/255, and stays on the GPU`,
    ignore,
    async fn() {
      const { card, graphs } = await graphsOfTiny(id);
      await using cpu = await openSessions(graphs, { provider: "native", threads: 1 });
      await using gpu = await openSessions(graphs, onGpu);
      const { sessions, alive } = counted(gpu.sessions);
      const lr = testPicture(14, 20);
      const tiling = tilingOf(card, 12);
      expect([14, 20].map((side) => spansOf(side, tiling).length)).toEqual([2, 3]);
      const how = { steps: 3, sampler: "ddpm", fidelity: 1, noise: noiseFrom() } as const;
      const here = families[card.family](card, cpu.sessions);
      const image = await sampleOf({ card, model: here }, lr, { ...how, tiling });
      const conditioned = await families[card.family](card, sessions).condition!({ lr, tiling });
      const before = gpu.moved.down;
      const same = await drain(conditioned.sample(how));
      expect(bytesApart(same, image)).toBeLessThan(2);
      // Only the result is downloaded: no tile, and nothing of a step.
      expect(gpu.moved.down - before).toBe(image.data.byteLength);
      // A call that is aborted ends the worker, and with it the state and the features.
      const steps = conditioned.sample(how);
      expect((await steps.next()).done).toBe(false);
      await abortedCall(gpu.sessions[card.family === "srdiff" ? "encoder" : "denoiser"]);
      expect(bytesApart(await drain(steps), image)).toBeLessThan(2);
      // A run that is left early, or aborted between two tiles, leaves nothing behind either.
      const controller = new AbortController();
      const onTile = (tile: number) => tile === 2 && controller.abort(new Error("enough"));
      const aborted = conditioned.sample({ ...how, signal: controller.signal, onTile });
      await expect(drain(aborted)).rejects.toThrow("enough");
      conditioned.dispose!();
      expect(alive.size).toBe(0);
    },
  });
}

/** Aborts a call while it runs. */
async function abortedCall(session: Session): Promise<void> {
  const controller = new AbortController();
  const picture = testPicture(64, 64);
  const t = tensor([1]);
  const all: Record<string, Tensor> = { lr: picture, x: picture, condition: picture, t, level: t };
  const inputs = session.inputs!.map((name) => [name, all[name]] as const);
  const call = session.run(Object.fromEntries(inputs), { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")));
  await expect(call).rejects.toThrow("enough");
}

Deno.test({
  name: "countMoved() counts the bytes that one image of an entry moves to and from a GPU",
  ignore,
  async fn() {
    const { folder } = await readTiny("srdiff-tiny");
    const card = await readCard(folder);
    const source = toImage(testPicture(8, 12), { channels: 3 });
    // With a frame of 4: the input, its estimate, the state, the prediction, and the time.
    const values = (8 + 8) * (12 + 8) * 3 * (1 + 3 * 16) + 1;
    expect(await countMoved(card, source, { steps: 1 })).toBe(4 * values);
  },
});

Deno.test({
  name: "sr3() on WebGPU gives the CPU's image within 2/255, and sends the enlarged input once",
  ignore,
  async fn() {
    const { card, graphs } = await graphsOfTiny("sr3-tiny");
    const lr = testPicture(8, 8);
    await using cpu = await openSessions(graphs, { provider: "native", threads: 1 });
    await using gpu = await openSessions(graphs, onGpu);
    const steps = 5;
    const image = await sampleOf({ card, model: families.sr3(card, cpu.sessions) }, lr, { steps });
    const model = families.sr3(card, gpu.sessions);
    expect(bytesApart(await sampleOf({ card, model }, lr, { steps }), image)).toBeLessThan(2);
    // Uploaded: the enlarged input, the first state, the times, and what noise is drawn from in all steps but the last.
    const large = image.data.byteLength;
    const drawn = 4 * 65536 + (steps - 1) * 8 * 3 * image.dims[2];
    expect(gpu.moved).toEqual({ up: 2 * large + 4 * steps + drawn, down: large });
  },
});

Deno.test({
  name: "graphDesk() keeps no more GPU buffers after 20 runs than after 5",
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
      const terms = [[0.5, placed], [2, values]] as const;
      const { sum } = await held(desk.sum({ kind: "sum", terms, limit: 1 }));
      for (const { number } of [placed, sum, ...Object.values(outputs)]) {
        await desk.drop({ kind: "drop", number });
      }
      counts.push(buffers.alive());
    }
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts.at(-1)).toBe(counts[4]);
  },
});

/** A separate device, which the test destroys. */
async function openDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  return await adapter!.requestDevice();
}

/** The outputs that a call left on the GPU. */
async function held(answer: ReturnType<ReturnType<typeof graphDesk>["hold"]>) {
  const reply = (await answer as { reply: Reply }).reply;
  if (reply.kind !== "outputs") throw new Error(`the desk answered "${reply.kind}"`);
  return reply.outputs as Record<string, Numbered & Unseen>;
}

Deno.test({
  name: "gpuMemory() finds the same ranges as the CPU, including NaN and infinity",
  ignore,
  async fn() {
    const device = await openDevice();
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

Deno.test({
  name: "gpuMemory() draws the same noise as the CPU, bit for bit",
  ignore,
  async fn() {
    const device = await openDevice();
    const memory = gpuMemory(device);
    const index = { seed: 2 ** 40 + 5, sample: 1, draw: 3 };
    for (const origin of [{ x: 0, y: 0 }, { x: -7, y: -3 }, { x: 100_001, y: 77 }]) {
      for (const dims of [[1, 3, 5, 8], [2, 2, 3, 301], [1, 1, 1, 1]]) {
        const wanted = noise(index, dims, origin);
        const { buffer } = memory.draw({ index, dims, origin, scale: 1 });
        expect(await memory.read({ buffer, length: wanted.data.length })).toEqual(wanted.data);
        buffer.destroy();
      }
    }
    const whole = { index, dims: [1, 3, 6, 6], origin: { x: 2, y: 1 } };
    const { buffer } = memory.draw({ ...whole, scale: 0.75 });
    const found = await memory.read({ buffer, length: 108 });
    const wanted = noise(index, whole.dims, whole.origin).data;
    found.forEach((value, i) => expect(value).toBeCloseTo(0.75 * wanted[i], 6));
    expect(() => memory.draw({ ...whole, origin: { x: 0.5, y: 0 }, scale: 1 })).toThrow(/whole/);
    buffer.destroy();
    device.destroy();
  },
});

Deno.test({
  name: "gpuMemory() sums like the CPU, clamped if there is a limit",
  ignore,
  async fn() {
    const device = await openDevice();
    using buffers = countBuffers();
    const memory = gpuMemory(device);
    for (const length of [1, 255, 20_001]) {
      const tensors = [1, 2, 3, 4].map((frequency) =>
        tensor([length], Float32Array.from({ length }, (_, i) => 3 * Math.sin(frequency * i + 1)))
      );
      for (const count of [1, 2, 3, 4]) {
        for (const limit of [1.5, Infinity]) {
          const terms = tensors.slice(0, count).map((x, i): Term<Tensor> => [0.7 - i, x]);
          const placed = terms.map(([weight, { data }]) =>
            [weight, { buffer: memory.write(data), length }] as const
          );
          const sum = { buffer: await memory.sum(placed, limit), length };
          const wanted = sumOf(terms, { limit }).data;
          const found = await memory.read(sum);
          const apart = found.reduce(
            (most, value, i) => Math.max(most, Math.abs(value - wanted[i])),
            0,
          );
          expect([found.length, apart < 1e-5]).toEqual([length, true]);
          for (const { buffer } of [sum, ...placed.map(([, values]) => values)]) buffer.destroy();
        }
      }
    }
    expect(buffers.alive()).toBe(0);
    device.destroy();
  },
});

Deno.test({
  name: "gpuMemory() cuts and joins parts of images like the CPU",
  ignore,
  async fn() {
    const device = await openDevice();
    using buffers = countBuffers();
    const memory = gpuMemory(device);
    const at = (buffer: GPUBuffer, dims: readonly number[]) => ({ buffer, length: sizeOf(dims) });
    const dims = [2, 3, 19, 23];
    const image = noise({ seed: 1, sample: 0, draw: 0 }, dims);
    const there = at(memory.write(image.data), dims);
    for (
      const window of [
        { x: 0, y: 0, width: 23, height: 19 },
        { x: 5, y: 3, width: 7, height: 11 },
        { x: 20, y: 17, width: 9, height: 6 }, // beyond the edges
      ]
    ) {
      const wanted = crop(image, window);
      const cut = at(memory.cut(there, dims, window)!, wanted.dims);
      expect(await memory.read(cut)).toEqual(wanted.data);
      cut.buffer.destroy();
    }
    const whole = at((await memory.zeros(there.length))!, dims);
    const wanted = tensor(dims).data;
    const weight = (length: number) =>
      Float32Array.from({ length }, (_, i) => [0, 1, 1, 0.25, 0.75][i % 5]);
    for (const [x, y, width, height] of [[0, 0, 12, 19], [8, 2, 15, 9], [3, 10, 20, 9]]) {
      const part = noise({ seed: 2, sample: x, draw: y }, [2, 3, height, width]);
      const patch = { dims, x, y, down: weight(height), across: weight(width) };
      part.data.forEach((value, i) => {
        const column = i % width, line = Math.floor(i / width), row = line % height;
        const to = (Math.floor(line / height) * 19 + y + row) * 23 + x + column;
        wanted[to] += patch.down[row] * patch.across[column] * value;
      });
      const sent = at(memory.write(part.data), part.dims);
      memory.add(whole, sent, part.dims, patch);
      sent.buffer.destroy();
    }
    const found = await memory.read(whole);
    const apart = found.reduce((most, v, i) => Math.max(most, Math.abs(v - wanted[i])), 0);
    expect(apart).toBeLessThan(1e-5);
    expect(await memory.zeros(device.limits.maxStorageBufferBindingSize / 4 + 1)).toBe(undefined);
    for (const { buffer } of [there, whole]) buffer.destroy();
    expect(buffers.alive()).toBe(0);
    device.destroy();
  },
});
