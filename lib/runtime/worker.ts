/** Answers the requests to the thread of the graphs. @module */

import type { Term } from "../tensor/arithmetic.ts";
import type { NoiseRecipe } from "../tensor/noise.ts";
import { release, type Tensor } from "../tensor/tensor.ts";
import { type Answer, type Desk, type Failure, failureOf } from "../thread.ts";
import type { Patch } from "../tensor/patch.ts";
import type { Rect } from "../tensor/window.ts";
import {
  type Device,
  type DeviceTensor,
  type EngineOptions,
  type GraphSource,
  isOnDevice,
  type LoadedGraph,
  type Signature,
} from "./graph.ts";
import type { Unseen } from "./outputs.ts";
import type { Provider } from "./session.ts";

/** A tensor that stays on the worker's device, known by a number. */
export interface Numbered {
  /** Its number. */
  readonly number: number;
}

/** One call of a graph. */
interface Call {
  graph: string;
  inputs: Record<string, Tensor | Numbered>;
  /** Names of the wanted outputs. @default {all} */
  outputs?: readonly string[];
  /** Names of the inputs that are wanted back. @default {none} */
  lent?: readonly string[];
}

/**
 * Requests to the worker:
 *
 * - `load` loads a provider in advance, without a reply; `open` opens all graphs.
 * - `run` runs a graph; `hold` leaves its outputs on the device.
 * - `put` copies a tensor to the device, `read` returns one from there, and `drop` frees one, without a reply.
 * - `sum` sums tensors there, and noise that is drawn there.
 * - `cut` cuts a window out of an image there, and returns nothing if there is no room.
 * - `add` adds a weighted part to an image there, at first to zeros. It returns the new image, or nothing if there is no room
 *   or the image was there already.
 */
export type Request =
  | { kind: "load"; provider: Provider }
  | { kind: "open"; provider: Provider; graphs: readonly GraphSource[]; options: EngineOptions }
  | { kind: "run" } & Call
  | { kind: "hold" } & Call
  | { kind: "put"; values: Tensor }
  | { kind: "sum"; terms: readonly Term<Tensor | Numbered | NoiseRecipe>[]; limit: number }
  | { kind: "cut"; window: Rect } & Numbered
  | { kind: "add"; whole?: number; part: number; patch: Patch }
  | { kind: "read" } & Numbered
  | { kind: "drop" } & Numbered;

/** Its replies. */
export type Reply =
  | { kind: "opened"; signatures: Record<string, Signature> }
  | { kind: "outputs"; outputs: Record<string, Output>; moved: Moved; back?: Lent }
  | Failure & { back: Lent };

/** Inputs that were lent, by their names. */
export type Lent = Readonly<Record<string, Tensor>>;

/** An output: its values, or where they stay. */
export type Output = Tensor | Numbered & Unseen;

/** Bytes that a call has moved between the memory of the CPU and that of a device. */
export interface Moved {
  /** To the device. */
  up: number;
  /** From the device. */
  down: number;
}

/** Opens one graph on one provider. */
export type OpenGraph = (graph: GraphSource, options: EngineOptions) => Promise<LoadedGraph>;

/**
 * The desk of the graphs, which it holds once they are opened. The bytes of their files are its own, and it frees them.
 *
 * @param openers Functions that open graphs, by provider.
 * @param loaders Functions that load what takes time before the first graph, by provider.
 */
export function graphDesk(
  openers: Partial<Record<Provider, OpenGraph>>,
  loaders: Partial<Record<Provider, () => Promise<unknown>>> = {},
): Desk<Request, Reply> {
  const graphs = new Map<string, LoadedGraph>();
  const held = new Map<number, DeviceTensor>();
  let last: Promise<unknown> = Promise.resolve();
  let count = 0;

  /** One after the other, since a tensor must not be freed while a graph runs. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  }

  function compute({ graph, inputs, outputs }: Call) {
    const fed = Object.entries(inputs).map(([name, value]) =>
      [name, "number" in value ? held.get(value.number)! : value] as const
    );
    return graphs.get(graph)!.run(Object.fromEntries(fed), outputs);
  }

  /** Runs a graph in its turn, and answers with what is made of its outputs, which are freed if that fails. */
  function runInTurn(
    call: Call,
    answer: (computed: Awaited<ReturnType<typeof compute>>) => Promise<Answer<Reply>>,
  ): Promise<Answer<Reply>> {
    const work = async () => {
      const computed = await compute(call);
      try {
        return await answer(computed);
      } catch (error) {
        disposeAll(computed);
        throw error;
      } finally {
        // Frees what was sent only for this call, unless a device may still need it.
        if (!Object.values(computed).some(isOnDevice)) releaseAll(call);
      }
    };
    return inTurn(() => withLent(call, work));
  }

  /** Keeps a tensor of the device, and describes it. */
  async function keep(value: DeviceTensor): Promise<Numbered & Unseen> {
    const kept = { number: count++, dims: value.dims, ranges: await value.ranges() };
    held.set(kept.number, value);
    return kept;
  }

  /** The device of the provider. */
  function deviceOf(): Device {
    const [{ device }] = graphs.values();
    if (!device) throw new Error("this provider has no memory but the CPU's");
    return device;
  }

  return {
    async load({ provider }): Promise<void> {
      await loaders[provider]?.().catch(() => {}); // it fails again with the first graph
    },
    async open({ provider, graphs: sources, options }): Promise<Answer<Reply>> {
      const open = openers[provider];
      if (!open) throw new Error(`this worker has no ${provider}`);
      const signatures: Record<string, Signature> = {};
      for (const graph of sources) {
        const opened = await open(graph, options);
        release({ data: graph.bytes }); // ONNX Runtime has copied what it needs
        graphs.set(graph.name, opened);
        signatures[graph.name] = opened.signature;
      }
      return { reply: { kind: "opened", signatures } };
    },
    run: (call) =>
      runInTurn(call, async (computed) => {
        const read = await mapped(computed, (value) => isOnDevice(value) ? value.read() : value);
        disposeAll(computed);
        return answerWith(read, movedBy(call, computed, read));
      }),
    hold: (call) =>
      runInTurn(call, async (computed) => {
        const outputs = await mapped(
          computed,
          async (value) => isOnDevice(value) ? await keep(value) : value,
        );
        return answerWith(outputs, movedBy(call, computed, {}));
      }),
    put: ({ values }) =>
      inTurn(async () => {
        const kept = await keep(deviceOf().put(values));
        return answerWith({ values: kept }, { up: values.data.byteLength, down: 0 });
      }),
    sum: ({ terms, limit }) =>
      inTurn(async () => {
        const { put, sum, draw } = deviceOf();
        /** Tensors that are there only for this sum. */
        const own: DeviceTensor[] = [];
        const moved = { up: 0, down: 0 };
        const placed = ([weight, value]: (typeof terms)[number]): Term<DeviceTensor> => {
          if ("number" in value) return [weight, held.get(value.number)!];
          const { noise, up } = "data" in value
            ? { noise: put(value), up: value.data.byteLength }
            : draw(value);
          own.push(noise);
          moved.up += up;
          return [weight, noise];
        };
        try {
          return answerWith({ sum: await keep(await sum(terms.map(placed), limit)) }, moved);
        } finally {
          for (const value of own) value.dispose();
        }
      }),
    cut: ({ number, window }) =>
      inTurn(async () => {
        const cut = deviceOf().cut(held.get(number)!, window);
        return answerWith(cut ? { cut: await keep(cut) } : {}, { up: 0, down: 0 });
      }),
    add: ({ whole, part, patch }) =>
      inTurn(async () => {
        const device = deviceOf();
        const sum = whole === undefined ? await device.zeros(patch.dims) : held.get(whole);
        if (!sum) return answerWith({}, { up: 0, down: 0 });
        device.add(sum, held.get(part)!, patch);
        const up = patch.down.byteLength + patch.across.byteLength;
        if (whole !== undefined) return answerWith({}, { up, down: 0 });
        const number = count++;
        held.set(number, sum);
        // Its range is known from its parts'.
        return answerWith({ sum: { number, dims: sum.dims, ranges: [] } }, { up, down: 0 });
      }),
    read: ({ number }) =>
      inTurn(async () => {
        const values = await held.get(number)!.read();
        return answerWith({ values }, { up: 0, down: values.data.byteLength });
      }),
    drop: ({ number }) =>
      inTurn(() => {
        held.get(number)?.dispose();
        held.delete(number);
        return Promise.resolve();
      }),
  };
}

/** Maps each tensor, under the same name. */
async function mapped<From, To>(
  tensors: Readonly<Record<string, From>>,
  make: (value: From) => To | Promise<To>,
): Promise<Record<string, To>> {
  const made: Record<string, To> = {};
  for (const [name, value] of Object.entries(tensors)) made[name] = await make(value);
  return made;
}

/** Answers with the inputs that are wanted back, even if the call fails. */
async function withLent(
  { inputs, lent = [] }: Call,
  answer: () => Promise<Answer<Reply>>,
): Promise<Answer<Reply>> {
  const { reply, transfer = [] } = await answer().catch((error): Answer<Reply> => {
    if (lent.length === 0) throw error;
    return { reply: { ...failureOf(error), back: {} } };
  });
  const back = Object.fromEntries(lent.map((name) => [name, inputs[name] as Tensor]));
  const buffers = Object.values(back).map(({ data }) => data.buffer as ArrayBuffer);
  return { reply: { ...reply, back } as Reply, transfer: [...transfer, ...buffers] };
}

function answerWith(outputs: Record<string, Output>, moved: Moved): Answer<Reply> {
  const transfer = Object.values(outputs).filter((value) => "data" in value)
    .map(({ data }) => data.buffer as ArrayBuffer);
  return { reply: { kind: "outputs", outputs, moved }, transfer };
}

/** Bytes that a call has moved, if its graph ran on a device: inputs that were sent, and outputs that were read. */
function movedBy(
  { inputs }: Call,
  computed: Readonly<Record<string, Tensor | DeviceTensor>>,
  read: Readonly<Record<string, Tensor>>,
): Moved {
  if (!Object.values(computed).some(isOnDevice)) return { up: 0, down: 0 };
  return { up: bytesOf(Object.values(inputs)), down: bytesOf(Object.values(read)) };
}

function bytesOf(values: readonly (Tensor | Numbered)[]): number {
  return values.reduce((sum, value) => sum + ("data" in value ? value.data.byteLength : 0), 0);
}

function releaseAll({ inputs, lent = [] }: Call): void {
  for (const [name, input] of Object.entries(inputs)) {
    if ("data" in input && !lent.includes(name)) release(input);
  }
}

function disposeAll(computed: Readonly<Record<string, Tensor | DeviceTensor>>): void {
  Object.values(computed).filter(isOnDevice).forEach((value) => value.dispose());
}
