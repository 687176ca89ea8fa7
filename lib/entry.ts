/** Opens the graphs of an entry by its name. @module */

import type { Engine } from "./enlarge.ts";
import { ManifestError, ProviderError } from "./errors.ts";
import { familyOf } from "./models/mod.ts";
import { inPrecision, isFaster, type Precision, trustedInt8 } from "./precision.ts";
import { distrust } from "./onnx/trust.ts";
import {
  type OpenedSessions,
  openSessions,
  type PreparedOptions,
  type Refusal,
} from "./runtime/providers.ts";
import { checkOpening } from "./runtime/attempts.ts";
import type { GraphSource } from "./runtime/graph.ts";
import { type Preparation, prepare } from "./runtime/preparation.ts";
import type { Provider } from "./runtime/session.ts";
import type { ModelCard } from "./zoo/card.ts";
import { resolveCard, type ResolveOptions } from "./zoo/resolve.ts";
import { checkReading } from "./zoo/source.ts";
import { fetchFixture, fetchGraph, type FetchOptions } from "./zoo/store.ts";

/** How an entry is opened. */
export interface EntryOptions extends FetchOptions, ResolveOptions {
  /**
   * The only provider to try.
   *
   * @default {the first that works of "webgpu", "native", "wasm"}
   */
  provider?: Provider;
  /**
   * Number of CPU threads.
   *
   * @default {all}
   */
  threads?: number;
  /**
   * Precision of the weights. With fp32 and fp16 weights arithmetic is in fp32, and results are the same on every
   * CPU; int8 is faster on many CPUs, and its results may differ slightly between them. "auto" tries both once and
   * takes int8 if it is faster and the card says that it loses almost no quality; on WebGPU it computes in fp16, if the
   * adapter has `shader-f16` and the graphs reproduce the recorded run to 3 % of its range.
   *
   * @default {the entry's own, so that a seed gives the same image everywhere}
   */
  precision?: Precision;
  /** URL of the folder with ONNX Runtime's `.wasm` and `.mjs` files, for a bundled page. */
  wasmPaths?: string;
  /**
   * URL of the worker's script, for a bundled page whose bundler does not find it: the bundle of
   * `jsr:@srzoo/core/worker`.
   */
  worker?: string | URL;
  /**
   * Milliseconds after which a network call is aborted and tried on the next provider.
   *
   * @default {600000}
   */
  callTimeout?: number;
}

/** An opened entry and its provider. */
export interface Entry extends Engine, AsyncDisposable {
  /** The provider of its networks; "none" if it has no network. */
  readonly provider: Provider | "none";
  /** The providers that were tried before and failed, with the reasons. */
  readonly tried: readonly Refusal[];
  /** Warnings about providers that failed during the work. */
  readonly warnings: readonly string[];
  /** Whether it was closed. */
  readonly isClosed: boolean;
  /** Bytes moved to and from the memory of a GPU since the provider was opened, its self-check included. */
  readonly moved: { readonly up: number; readonly down: number };
}

/**
 * Opens an entry of the zoo: fetches its graphs, picks a provider and checks that it computes as recorded.
 *
 * @throws {ModelNotFoundError} If the zoo has no such entry.
 * @throws {ManifestError} If the card cannot be used.
 * @throws {IntegrityError} If a graph differs from what the card says.
 * @throws {ProviderError} If no provider can run it.
 * @throws {UnsupportedError} If the entry does not have the precision.
 * @throws {TypeError} If an option is of the wrong type, or there is no such provider.
 * @throws {RangeError} If a number is out of its range.
 */
export async function openEntry(
  model: string | URL | ModelCard,
  options: EntryOptions = {},
): Promise<Entry> {
  checkReading(options);
  checkOpening(options);
  const found = await resolveCard(model, options);
  const family = familyOf(found.family);
  const { card, opened } = await openPrepared(found, options);
  const { tried, warnings } = opened;
  let isClosed = false;
  const dispose = () => {
    isClosed = true;
    return opened[Symbol.asyncDispose]();
  };
  try {
    const model = family(card, opened.sessions);
    return {
      ...{ card, model, tried, warnings },
      // It changes if a provider fails during the work.
      get provider() {
        return opened.provider;
      },
      get isClosed() {
        return isClosed;
      },
      get moved() {
        return { ...opened.moved };
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/**
 * Refuses an entry that was closed.
 *
 * @throws {Error} If it was.
 */
export function checkOpen({ card, isClosed }: Entry): void {
  if (isClosed) throw new Error(`Cannot use ${card.id}: it is closed. Load it again`);
}

/** How an entry is opened once it is found. */
interface OpeningOptions extends EntryOptions {
  /** Work that was begun before its graphs were fetched. */
  preparation?: Preparation;
}

/** The part of the sessions that the upscaler needs. */
type Opened = Omit<OpenedSessions, "provider" | "threads"> & {
  provider: Provider | "none";
};

/** Opens the files of a card, and prepares what it can while they are fetched. */
async function openPrepared(found: ModelCard, options: EntryOptions): ReturnType<typeof openCard> {
  if (Object.keys(found.graphs).length === 0) return await openCard(found, options);
  const preparation = prepare(options);
  try {
    return await openCard(found, { ...options, preparation });
  } finally {
    preparation.end();
  }
}

/** Results of trials: whether int8 is faster, by files and provider. */
const trials = new Map<string, boolean>();

/** Opens the files of the chosen precision. */
async function openCard(
  found: ModelCard,
  options: OpeningOptions,
): Promise<{ card: ModelCard; opened: Opened }> {
  const own = inPrecision(found, options.precision);
  const fast = options.precision === "auto" ? trustedInt8(own) : undefined;
  const key = JSON.stringify([options.provider, options.threads, own.graphs, fast?.graphs]);
  const known = trials.get(key);
  if (fast && known) return { card: fast, opened: await openGraphs(fast, options) };
  const exact = { card: own, opened: await openGraphs(own, options) };
  const { provider, sessions } = exact.opened;
  const fixture = fast && await fetchFixture(fast, options);
  if (!fast || known === false || !fixture || provider === "webgpu" || provider === "none") {
    return exact;
  }
  const other = await openGraphs(fast, { ...options, provider }).catch((error) => {
    options.signal?.throwIfAborted();
    if (!(error instanceof ProviderError)) throw error;
  });
  const isBetter = other !== undefined && await isFaster(other.sessions, sessions, fixture);
  trials.set(key, isBetter);
  await (isBetter ? exact.opened : other)?.[Symbol.asyncDispose]();
  return isBetter ? { card: fast, opened: other } : exact;
}

/**
 * A graph of a card.
 *
 * @throws {ManifestError} If its file must not be opened.
 */
async function trustedGraph(
  card: ModelCard,
  name: string,
  options: FetchOptions,
): Promise<GraphSource> {
  const bytes = await fetchGraph(card, name, options);
  const fault = distrust(bytes);
  const { precision } = card.graphs[name];
  if (!fault) return { name, bytes, precision, isBrief: name === "damage" };
  throw new ManifestError(`${card.id}#graphs.${name}`, `its file cannot be used: ${fault}`);
}

/**
 * Fetches the fixture and the graphs of a card at once.
 *
 * @throws {Error} The first failure, after the other downloads were aborted.
 */
async function filesOf(card: ModelCard, options: OpeningOptions) {
  const failing = new AbortController();
  const { signal = failing.signal } = options;
  const either = { ...options, signal: AbortSignal.any([signal, failing.signal]) };
  const files = [
    fetchFixture(card, either),
    ...Object.keys(card.graphs).map((name) => trustedGraph(card, name, either)),
  ] as const;
  for (const file of files) file.catch((reason) => failing.abort(reason));
  await Promise.allSettled(files);
  failing.signal.throwIfAborted();
  return await Promise.all(files);
}

/** Opens all graphs of a card together. */
async function openGraphs(card: ModelCard, options: OpeningOptions): Promise<Opened> {
  const dispose = () => Promise.resolve();
  if (Object.keys(card.graphs).length === 0) {
    return {
      provider: "none",
      sessions: {},
      tried: [],
      warnings: [],
      moved: { up: 0, down: 0 },
      [Symbol.asyncDispose]: dispose,
    };
  }
  const [fixture, ...graphs] = await filesOf(card, options);
  const { provider, threads, signal, wasmPaths, worker, callTimeout, preparation } = options;
  const open: PreparedOptions = {
    half: options.precision === "auto",
    ...{ provider, threads, signal, wasmPaths, worker, callTimeout, preparation },
    fixture,
  };
  return await openSessions(graphs, open);
}
