/** One worker that holds all graphs of an entry; it starts when needed and ends when idle. @module */

import { type Call, callsTo } from "../calls.ts";
import type { Term } from "../tensor/arithmetic.ts";
import type { NoiseRecipe } from "../tensor/noise.ts";
import type { Patch } from "../tensor/patch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Rect } from "../tensor/window.ts";
import { startThread, type Thread } from "../thread.ts";
import type { EngineOptions, GraphSource, Signature } from "./graph.ts";
import type { Unseen } from "./outputs.ts";
import type { Preparation } from "./preparation.ts";
import { joinedRanges } from "./range.ts";
import type { Provider } from "./session.ts";
import type { Lent, Moved, Numbered, Reply, Request } from "./worker.ts";

/** Options of {@linkcode hostGraphs}. */
export interface HostOptions extends EngineOptions {
  /** The provider that runs the graphs. */
  readonly provider: Provider;
  /** URL of the worker's script, if a bundler did not find it. */
  readonly worker?: string | URL;
  /** A thread that was started before. */
  readonly preparation?: Preparation;
  /**
   * Milliseconds without a call after which the worker ends, so that it neither holds memory nor
   * keeps a process alive; the next call starts it again.
   */
  readonly idle: number;
  /** Milliseconds after which a call is aborted. */
  readonly timeout: number;
}

/** A tensor that a worker holds on its device. */
export interface Remote extends Unseen {
  /** Whether its worker still holds it; it is lost when the thread of the worker ends. */
  isThere(): boolean;
  /**
   * Its values.
   *
   * @throws {LostError} If it is no longer there.
   */
  read(signal?: AbortSignal): Promise<Tensor>;
  /** Frees it. */
  drop(): void;
}

/** A tensor on a device that ended: it must be computed again. */
export class LostError extends Error {}

/** How one graph is called. */
export interface GraphOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** Names of the outputs that are wanted. @default {all} */
  readonly outputs?: readonly string[];
  /**
   * Names of inputs, each alone in its buffer, that are moved to the graph and back instead of copied: they are empty
   * meanwhile, and stay so if the worker ends before it answers.
   */
  readonly lent?: readonly string[];
}

/** Tensors for a graph: sent with the call, or already on the device of its worker. */
export type Fed = Readonly<Record<string, Tensor | Remote>>;

/**
 * The device of a worker. An idle worker does not end before everything is freed that was made on its device without a graph:
 * most of that cannot be computed again.
 *
 * @throws {LostError} If a given tensor was on a device that ended.
 */
export interface RemoteDevice {
  /** Copies a tensor to it. */
  put(values: Tensor, signal?: AbortSignal): Promise<Remote>;
  /** Sums tensors and noise, clamped to [-limit, limit]. */
  sum(
    terms: readonly Term<Tensor | Remote | NoiseRecipe>[],
    options: { limit: number; signal?: AbortSignal },
  ): Promise<Remote>;
  /** Cuts a window out of images; undefined if they are too large for it. */
  cut(images: Remote, window: Rect, signal?: AbortSignal): Promise<Remote | undefined>;
  /** Adds a weighted part to images, or to zeros; undefined if there is no room for them. */
  add(
    whole: Remote | undefined,
    part: Remote,
    patch: Patch,
    signal?: AbortSignal,
  ): Promise<Remote | undefined>;
}

/** Graphs that live in a worker. */
export interface Host {
  /** Bytes moved to and from the device so far; none if the provider is the CPU itself. */
  readonly moved: Moved;
  /** Opens the graphs now instead of with the first call. */
  open(signal?: AbortSignal): Promise<Record<string, Signature>>;
  /**
   * Runs one graph; calls run one after the other.
   *
   * @throws {LostError} If an input was on a device that ended.
   */
  run(graph: string, inputs: Fed, options?: GraphOptions): Promise<Record<string, Tensor>>;
  /** Runs one graph and leaves the outputs on the device, if there is one. */
  hold(
    graph: string,
    inputs: Fed,
    options?: GraphOptions,
  ): Promise<Record<string, Tensor | Remote>>;
  /** Its device; absent if the provider is the CPU itself. */
  readonly device?: RemoteDevice;
  /** Whether a tensor is still on the device of this worker. */
  has(remote: Remote): boolean;
  /** Ends the worker for good; a call in progress rejects at once. */
  close(): void;
}

/** Makes the host; nothing starts before its first call. */
export function hostGraphs(graphs: readonly GraphSource[], options: HostOptions): Host {
  const { provider, idle, timeout, worker: script, preparation, ...engine } = options;
  const hasDevice = provider === "webgpu";
  const calls = callsTo<Request, Reply>({
    start: () => preparation?.thread(provider) ?? startThread({ script }),
    opening() {
      // Sent as they are, they would be copied twice on the way, and both copies stay until the garbage is collected.
      const own = graphs.map((graph) => ({ ...graph, bytes: graph.bytes.slice() }));
      const transfer = own.map(({ bytes }) => bytes.buffer);
      return { request: { kind: "open", provider, graphs: own, options: engine }, transfer };
    },
    patience: timeout,
    // ONNX Runtime for the web keeps the inputs of a run that failed on a GPU, and runs on them again.
    isFragile: hasDevice,
    stop: provider === "native" && !("Deno" in globalThis) ? retire : endNow,
    idle,
    isNeeded: () => [...needed].some((remote) => remote.isThere()),
  });
  const moved = { up: 0, down: 0 };
  /** The thread that a remote tensor lives in, identified by its answer to the opening, and the tensor's number there. */
  const places = new WeakMap<Remote, { thread: Reply; number: number }>();
  /** Tensors for which the worker must stay. */
  const needed = new Set<Remote>();

  async function ask(make: (thread: Reply) => Call<Request>, signal?: AbortSignal) {
    const reply = ofKind(await calls.call(make, { signal, timeout }), "outputs");
    moved.up += reply.moved.up;
    moved.down += reply.moved.down;
    return reply;
  }

  function numbered(remote: Remote, thread: Reply): Numbered {
    const place = places.get(remote);
    if (place?.thread !== thread) throw new LostError();
    return { number: place.number };
  }

  function remoteAt(thread: Reply, { number, dims, ranges }: Numbered & Unseen): Remote {
    const reads = new Set<Promise<unknown>>();
    const tellDrop = () => calls.tell(thread, { kind: "drop", number });
    const remote: Remote = {
      ...{ dims, ranges },
      isThere: () => calls.isLive(thread),
      async read(signal) {
        const read = ask(
          (now) => ({ request: { kind: "read", ...numbered(remote, now) } }),
          signal,
        );
        reads.add(read);
        try {
          return (await read).outputs.values as Tensor;
        } finally {
          reads.delete(read);
        }
      },
      drop() {
        needed.delete(remote);
        // A read still waits for its turn, which a message without an answer does not.
        if (reads.size > 0) void Promise.allSettled(reads).then(tellDrop);
        else tellDrop();
      },
    };
    places.set(remote, { thread, number });
    return remote;
  }

  async function call(kind: "run" | "hold", graph: string, inputs: Fed, options: GraphOptions) {
    let thread!: Reply;
    const { outputs: wanted, lent = [], signal } = options;
    const { outputs } = await ask((now) => {
      thread = now;
      const fed = Object.entries(inputs).map(([name, value]) => {
        if (!("data" in value)) return [name, numbered(value, now)] as const;
        if (!lent.includes(name)) return [name, copyOf(value)] as const;
        if (value.data.length === 0) throw new LostError(); // with the call that had it before
        return [name, value] as const;
      });
      const transfer = fed.flatMap(([, value]) =>
        "data" in value ? [value.data.buffer as ArrayBuffer] : []
      );
      const sent = Object.fromEntries(fed);
      return {
        request: { kind, graph, inputs: sent, outputs: wanted, lent },
        transfer,
        onReply(reply) {
          const { back = {} } = reply as { back?: Lent };
          for (const name in back) Object.assign(inputs[name], back[name]);
        },
      };
    }, signal);
    return Object.entries(outputs).map(([name, value]) =>
      [name, "data" in value ? value : remoteAt(thread, value)] as const
    );
  }

  /** Asks for what the device computes without a graph: one tensor, or none. */
  async function askDevice(make: (thread: Reply) => Call<Request>, signal?: AbortSignal) {
    let thread!: Reply;
    const [made] = Object.values((await ask((now) => make(thread = now), signal)).outputs);
    if (!made) return undefined;
    const remote = remoteAt(thread, made as Numbered & Unseen);
    needed.add(remote);
    return remote;
  }

  const device: RemoteDevice = {
    async put(values, signal) {
      const copy = copyOf(values);
      const request = { kind: "put", values: copy } as const;
      return (await askDevice(() => ({ request, transfer: [copy.data.buffer] }), signal))!;
    },
    async sum(terms, { limit, signal }) {
      return (await askDevice((now) => {
        const sent = terms.map(([weight, value]): Term<Tensor | Numbered | NoiseRecipe> => {
          if ("index" in value) return [weight, value];
          return [weight, "data" in value ? copyOf(value) : numbered(value, now)];
        });
        return { request: { kind: "sum", terms: sent, limit } };
      }, signal))!;
    },
    cut: (images, window, signal) =>
      askDevice(
        (now) => ({ request: { kind: "cut", window, ...numbered(images, now) } }),
        signal,
      ),
    async add(whole, part, patch, signal) {
      const made = await askDevice((now) => {
        const to = whole && numbered(whole, now).number;
        const { number } = numbered(part, now);
        return { request: { kind: "add", whole: to, part: number, patch } };
      }, signal);
      const sum = whole ?? made;
      // The weights of all parts sum to 1: the whole reaches no further than they do.
      return sum && Object.assign(sum, { ranges: joinedRanges(sum.ranges, part.ranges) });
    },
  };

  return {
    moved,
    ...hasDevice ? { device } : {},
    async open(signal) {
      return ofKind(await calls.open(signal), "opened").signatures;
    },
    async run(graph, inputs, options = {}) {
      return Object.fromEntries(await call("run", graph, inputs, options)) as Record<
        string,
        Tensor
      >;
    },
    async hold(graph, inputs, options = {}) {
      return Object.fromEntries(await call("hold", graph, inputs, options));
    },
    has: (remote) => places.has(remote) && remote.isThere(),
    close: () => calls.close(),
  };
}

/** A reply, if it is of the kind that was asked for. */
function ofKind<Kind extends Reply["kind"]>(reply: Reply, kind: Kind) {
  if (reply.kind === kind) return reply as Extract<Reply, { kind: Kind }>;
  throw new Error(`worker answered "${reply.kind}" instead of "${kind}"`);
}

/** The same values in memory that can be transferred. */
function copyOf({ data, dims }: Tensor) {
  return { data: data.slice(), dims };
}

/** The request to end a thread. */
type Ended = Thread<Request | { kind: "close" }, unknown>;

function endNow(thread: Ended): void {
  thread.end();
}

/**
 * Lets a thread end after its call: ending it inside native code would end the whole process in Node
 * and Bun.
 */
function retire(thread: Ended): void {
  thread.listen(() => {});
  thread.post({ kind: "close" });
}
