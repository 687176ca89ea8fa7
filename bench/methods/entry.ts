/** Zoo entries, folders and URLs as methods. @module */

import {
  load,
  type ModelCard,
  type Provider,
  type UpscaleOptions,
  type Upscaler,
} from "../../mod.ts";
import { type Precision, precisionOf } from "../../lib/precision.ts";
import { readSpec } from "../../lib/spec.ts";
import { sha256 } from "../files.ts";
import type { Facts, Method } from "./method.ts";

/**
 * The name of an entry in the tables: its id or the last part of its path, with its options; a temperature comes
 * last, as in `srflow tau 0.8`.
 */
export function entryName(spec: string): string {
  const [model, ...parts] = spec.split("+");
  const last = model.replace(/\/(model\.yml)?$/, "").replace(/^.*[/\\]/, "") || model;
  const scales = parts.filter(isTemperature);
  const name = [last, ...parts.filter((part) => !isTemperature(part))].join("+");
  return [name, ...scales.map((part) => part.replace(/^.*=/, "tau "))].join(" ");
}

/**
 * The spec once for each temperature.
 *
 * @throws {RangeError} If it already names a temperature.
 */
export function atTemperatures(spec: string, scales: readonly number[]): string[] {
  if (!spec.split("+").some(isTemperature)) {
    return scales.map((scale) => `${spec}+temperature=${scale}`);
  }
  throw new RangeError(
    `Cannot use --temperature with ${spec}, which names one itself. Leave out one of the two`,
  );
}

/** The spec without a temperature, which does not affect the time. */
export function untempered(spec: string): string {
  return spec.split("+").filter((part) => !isTemperature(part)).join("+");
}

function isTemperature(part: string): boolean {
  return part.startsWith("temperature=");
}

/** Where and how entries are run. */
export interface EntryOptions {
  /** The only provider to try. */
  readonly provider?: Provider;
  /** CPU threads. */
  readonly threads?: number;
  /** Precision of the weights. */
  readonly precision?: Precision;
  /** Aborts the loading. */
  readonly signal?: AbortSignal;
}

/**
 * Opens an entry as a method.
 *
 * @throws {Error} If there is no such entry, or it does not support the options.
 */
export async function entryMethod(spec: string, where: EntryOptions = {}): Promise<Method> {
  const { model, options } = readSpec(spec);
  const upscaler = await load(model, where);
  const { card, provider } = upscaler;
  upscaler.plan({ width: 64, height: 64 }, options); // refuses options that the entry does not support
  return {
    name: entryName(spec),
    scale: card.scale,
    generative: (options.temperature ?? 1) !== 0 && upscaler.generative,
    digest: await digestOf(upscaler, options),
    facts: { spec, ...factsOf(card, options, provider) },
    async enlarge({ low, seed, signal }) {
      const drawn = upscaler.generative ? { ...options, seed } : options;
      const { images } = await upscaler.upscale(low, { ...drawn, signal });
      return images[0];
    },
    [Symbol.asyncDispose]: () => upscaler[Symbol.asyncDispose](),
  };
}

/** Digest of all that an entry's images depend on, except the seed. */
export async function digestOf(
  { card, provider }: Pick<Upscaler, "card" | "provider">,
  options: UpscaleOptions = {},
): Promise<string> {
  const { family, diffusion, flow, restore, steps, tiling } = card;
  const decides = [family, diffusion, flow, restore, steps, tiling, options, provider];
  const graphs = Object.values(card.graphs).map((graph) => graph.sha256);
  return await sha256(new TextEncoder().encode(JSON.stringify([graphs, decides])));
}

/** NFE of an image; undefined for an entry that samples nothing. */
export function nfeOf(
  { diffusion, flow, steps }: ModelCard,
  options: UpscaleOptions,
): number | undefined {
  if (flow) return 1;
  return diffusion ? options.steps ?? steps?.default ?? 1 : undefined;
}

function factsOf(card: ModelCard, options: UpscaleOptions, provider: string): Facts {
  const graphs = Object.values(card.graphs);
  const sum = (key: "parameters" | "bytes") =>
    graphs.reduce((total, graph) => total + graph[key], 0);
  return {
    kind: card.name,
    family: card.family,
    provider,
    precision: precisionOf(card) ?? "",
    parameters: sum("parameters"),
    bytes: sum("bytes"),
    nfe: nfeOf(card, options),
  };
}
