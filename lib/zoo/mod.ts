/**
 * The zoo: which models there are, what their cards say, and where their weights are.
 *
 * ```ts
 * import { openZoo } from "jsr:@srzoo/core/zoo";
 *
 * for (const card of await openZoo().list()) {
 *   console.log(`${card.id}: x${card.scale}, weights under ${card.licence.weights}`);
 * }
 * ```
 *
 * @module
 */

export type {
  CardTiling,
  ConstSchedule,
  CosineSchedule,
  DataSource,
  Diffusion,
  Fixture,
  Flow,
  FlowLatent,
  GraphFile,
  Imported,
  Int8,
  JsdSchedule,
  Licence,
  LinearSchedule,
  ModelCard,
  Restore,
  RisingSchedule,
  Schedule,
  Steps,
  TrainedSteps,
  Training,
} from "./card.ts";
export type { SamplerName } from "../diffusion/samplers/mod.ts";
export { readCard } from "./read.ts";
export { resolveCard, type ResolveOptions } from "./resolve.ts";
export type { ReadOptions } from "./source.ts";
export type { DownloadProgress } from "./cache.ts";
export { fetchFixture, fetchGraph, type FetchOptions } from "./store.ts";
export { openZoo, type Zoo } from "./zoo.ts";
