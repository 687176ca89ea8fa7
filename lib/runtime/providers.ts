/** Opened graphs and their provider: the first one that works, or the next one if it fails. @module */

import { oneLine } from "../errors.ts";
import { TimeoutError } from "../calls.ts";
import { GoneError, type Held } from "../tensor/held.ts";
import { isAlone, type Tensor } from "../tensor/tensor.ts";
import {
  availableThreads,
  nameOf,
  openNext,
  type OpenOptions,
  type PreparedOptions,
  type Refusal,
  type Running,
  type Search,
  startSearch,
  widen,
} from "./attempts.ts";
import type { GraphSource, Signature } from "./graph.ts";
import { HeldInput } from "./held_input.ts";
import { HeldOutput, type Maker } from "./held_output.ts";
import { LostError, type Remote } from "./host.ts";
import { checkInputs } from "./inputs.ts";
import { addOn, cutOn, type OnDevice, placeOf, sumOn } from "./on_device.ts";
import { checkOutputs, OutputError } from "./outputs.ts";
import { isLender, type Lender, lendTo, returned } from "./loan.ts";
import type { Inputs, Provider, RunOptions, Session } from "./session.ts";
import type { Moved } from "./worker.ts";

export type { OpenOptions, PreparedOptions, Refusal };

/** Graphs that were opened together. */
export interface OpenedSessions extends AsyncDisposable {
  /** The provider that runs them now. */
  readonly provider: Provider;
  /** The sessions, by the names of their graphs. */
  readonly sessions: Readonly<Record<string, Session>>;
  /** The providers that were tried before and failed, with the reasons. */
  readonly tried: readonly Refusal[];
  /** Warnings about providers that failed during the work. */
  readonly warnings: readonly string[];
  /** Number of CPU threads that the provider was given. */
  readonly threads: number;
  /** Bytes that were moved to and from the memory of a GPU so far, by the provider that runs them now. */
  readonly moved: Readonly<Moved>;
}

/** One call of a graph. */
interface GraphCall {
  graph: string;
  inputs: Inputs;
  options: RunOptions;
  /** Whether its outputs stay on the device, where there is one. */
  kind: "run" | "hold";
}

/**
 * Opens all graphs of an entry on the first provider that loads and computes them as recorded.
 *
 * A call that gives NaN or a flat image is repeated in fp32, if the graphs compute in fp16, and then on the next
 * providers; so is one that gives no answer in time. A provider that succeeds where another failed is used from
 * then on. If all fail, the call rejects, and nothing changes for the calls after it.
 *
 * @throws {ProviderError} If no provider does; it says why for each.
 */
export async function openSessions(
  graphs: readonly GraphSource[],
  options: PreparedOptions = {},
): Promise<OpenedSessions> {
  const search = startSearch(graphs, options);
  const warnings: string[] = [];
  let current = await openNext(search, options);
  let moving: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  /** Finds a provider for a call that failed on `failed`, and stays with it; undefined if another call has done so already. */
  async function move(failed: Running, call: GraphCall, error: Error) {
    if (current !== failed) return undefined;
    const trial = { ...search, rest: [...search.rest], tried: [...search.tried] };
    const found = await findWorking(trial, failed, { call, error, open: options });
    const [from, to] = [failed, found.running].map(({ attempt }) => nameOf(attempt));
    warnings.push(`${from} failed, and ${to} is used from now on: ${error.message}`);
    search.rest = trial.rest;
    search.tried.push(...trial.tried.slice(search.tried.length));
    failed.host.close();
    current = found.running;
    if (isClosed) current.host.close();
    return found.outputs;
  }

  async function compute(call: GraphCall) {
    const { graph, options } = call;
    for (;;) {
      const running = current;
      try {
        return await callOn(running, call);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!isProviderFault(error)) {
          if (current !== running) continue; // it was closed, since another call has abandoned it
          throw runError(graph, running.provider, error as Error);
        }
        const mine = moving.then(() => move(running, call, error));
        moving = mine.catch(() => {});
        const outputs = await mine;
        if (outputs) return outputs;
      }
    }
  }

  async function run(graph: string, inputs: Inputs, options: RunOptions = {}) {
    return await compute({ graph, inputs, options, kind: "run" }) as Record<string, Tensor>;
  }

  async function hold(graph: string, inputs: Inputs, options: RunOptions = {}) {
    const call = { graph, inputs, options, kind: "hold" } as const;
    const held = Object.entries(await compute(call)).map(([name, place]): [string, Held] => {
      const again = (signal?: AbortSignal) => ({ signal, outputs: { [name]: place.dims } });
      const maker: Maker = {
        hold: async (running, signal) =>
          (await callOn(running, { ...call, options: again(signal) }))[name],
        run: async (signal) => (await run(graph, inputs, again(signal)))[name],
      };
      return [name, new HeldOutput(place, maker)];
    });
    return Object.fromEntries(held);
  }

  /** Does some work on the current provider, and again if that was left in the meantime, or its worker has ended. */
  async function withCurrent<Result>(
    work: (running: Running) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    for (;;) {
      const running = current;
      try {
        return await work(running);
      } catch (error) {
        signal?.throwIfAborted();
        if (current === running && !(error instanceof LostError)) throw error;
      }
    }
  }

  const onDevice: OnDevice = {
    sum: (terms, options = {}) =>
      withCurrent((running) => sumOn(running, terms, options), options.signal),
    cut: (image, window, signal) =>
      withCurrent((running) => cutOn(running, image, window, signal), signal),
    add: (whole, part, patch, signal) =>
      withCurrent((running) => addOn(running, { whole, part, patch, signal }), signal),
  };
  const provider = () => current.provider;
  const sessions = makeSessions(current.signatures, { provider, run, hold, onDevice, close });
  function close() {
    isClosed = true;
    current.host.close();
    return Promise.resolve();
  }
  return {
    get provider() {
      return current.provider;
    },
    sessions,
    tried: search.tried,
    warnings,
    threads: options.threads ?? availableThreads(),
    get moved() {
      return current.host.moved;
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Runs a graph and checks its inputs and outputs. */
async function callOn(
  running: Running,
  call: GraphCall,
): Promise<Record<string, Tensor | Remote>> {
  const { host, signatures } = running;
  const { graph, inputs, options: { signal, outputs: wanted }, kind } = call;
  checkInputs(graph, signatures[graph], inputs);
  const { fed, lent } = await fedTo(running, inputs, signal);
  const options = { signal, outputs: wanted && Object.keys(wanted), lent: Object.keys(lent) };
  try {
    const outputs = await lendTo(Object.values(lent), () => host[kind](graph, fed, options));
    try {
      return checkOutputs(graph, fed, outputs, wanted);
    } catch (error) {
      for (const output of Object.values(outputs)) if ("drop" in output) output.drop();
      throw error;
    }
  } catch (error) {
    // The worker has ended since the inputs were found on its device: they are made again.
    if (error instanceof LostError) return await callOn(running, call);
    throw error;
  }
}

/** The inputs in the places from which a graph can take them, and those that can be lent to it, since no other call has them. */
async function fedTo(running: Running, inputs: Inputs, signal?: AbortSignal) {
  const lenders = Object.values(inputs).filter(isLender);
  for (;;) {
    await returned(lenders);
    const fed: Record<string, Tensor | Remote> = {};
    const lent: Record<string, Lender> = {};
    for (const [name, input] of Object.entries(inputs)) {
      const place = fed[name] = await placeOf(running, input, signal);
      if (isLender(input) && "data" in place && isAlone(place.data)) lent[name] = input;
    }
    if (lenders.every(({ loan }) => !loan)) return { fed, lent };
  }
}

/** Whether another provider may do better. */
function isProviderFault(error: unknown): error is Error {
  return error instanceof OutputError || error instanceof TimeoutError;
}

/**
 * Repeats a call on the remaining candidates.
 *
 * @throws {ProviderError} If it fails on all of them.
 */
async function findWorking(
  search: Search,
  failed: Running,
  { call, error, open }: { call: GraphCall; error: Error; open: PreparedOptions },
) {
  const { signal } = call.options;
  let last = { running: failed, error };
  for (;;) {
    search.tried.push({ provider: nameOf(last.running.attempt), reason: last.error.message });
    if (last.error instanceof OutputError) widen(search, last.running.attempt);
    const running = await openNext(search, { ...open, signal });
    try {
      return { running, outputs: await callOn(running, call) };
    } catch (error) {
      // This provider may work, but not with tensors that were lost with the one that failed.
      if (error instanceof GoneError) return { running, outputs: undefined };
      running.host.close();
      signal?.throwIfAborted();
      if (!isProviderFault(error)) throw runError(call.graph, running.provider, error as Error);
      last = { running, error };
    }
  }
}

/**
 * Opens one graph, as {@linkcode openSessions} does for several.
 *
 * @throws {ProviderError} If no provider does; it says why for each.
 */
export async function openSession(graph: GraphSource, options?: OpenOptions): Promise<Session> {
  return (await openSessions([graph], options)).sessions[graph.name];
}

function runError(graph: string, provider: Provider, cause: Error): Error {
  if (cause instanceof GoneError) return cause;
  // Errors of this folder already name the graph.
  if (cause instanceof TypeError || cause instanceof RangeError) return cause;
  return new Error(`Cannot run the graph "${graph}" on ${provider}: ${oneLine(cause.message)}`, {
    cause,
  });
}

/** Shared parts of the sessions of graphs that were opened together. */
interface Shared {
  provider(): Provider;
  run(graph: string, ...call: Parameters<Session["run"]>): ReturnType<Session["run"]>;
  hold(graph: string, ...call: Parameters<Session["hold"]>): ReturnType<Session["hold"]>;
  onDevice: OnDevice;
  close(): Promise<void>;
}

/** The sessions share a host, which ends when the last of them is disposed. */
function makeSessions(
  signatures: Readonly<Record<string, Signature>>,
  { provider, run, hold, onDevice, close }: Shared,
): Record<string, Session> {
  const graphs = Object.keys(signatures);
  const open = new Set(graphs);
  const checkOpen = (graph: string) => {
    if (!open.has(graph)) throw new Error(`Cannot run the graph "${graph}": it is closed`);
  };
  const sessionOf = (graph: string): Session => ({
    get provider() {
      return provider();
    },
    inputs: signatures[graph].inputs.map(({ name }) => name),
    async run(inputs, options) {
      checkOpen(graph);
      return await run(graph, inputs, options);
    },
    async hold(inputs, options) {
      checkOpen(graph);
      return await hold(graph, inputs, options);
    },
    place: (values) => new HeldInput(values),
    ...onDevice,
    async [Symbol.asyncDispose]() {
      open.delete(graph);
      if (open.size === 0) await close();
    },
  });
  return Object.fromEntries(graphs.map((graph) => [graph, sessionOf(graph)]));
}
