/** All methods of a run, by name. @module */

import { openZoo } from "../../lib/zoo/mod.ts";
import { realesrganMethod, realesrganModels } from "../peers/realesrgan.ts";
import { peerName, upscalerjsMethod } from "../peers/upscalerjs.ts";
import type { BenchRecord } from "../record.ts";
import { oneLine } from "../runner.ts";
import type { Settings } from "../settings.ts";
import { baseline, baselines } from "./baselines.ts";
import { atTemperatures, entryMethod, entryName } from "./entry.ts";
import type { Method } from "./method.ts";
import { resultsMethod } from "./results.ts";

/** A method that is not open yet. */
interface Candidate {
  /** Its name in the tables. */
  readonly name: string;
  /** Opens it. */
  open(): Promise<Method>;
}

/**
 * Opens all methods that can be opened, and adds them to the record; the others become failures.
 *
 * @throws {Error} If two have the same name, or a pair to compare is not among them.
 */
export async function openMethods(settings: Settings, record: BenchRecord, signal: AbortSignal) {
  const list: Method[] = [];
  const candidates = await candidatesOf(settings, signal);
  checkPairs(settings, [...candidates, ...record.methods].map(({ name }) => name));
  for (const candidate of candidates) {
    try {
      list.push(await candidate.open());
    } catch (error) {
      signal.throwIfAborted();
      console.error(`${candidate.name}: ${oneLine(error)}`);
      record.failures.push({ method: candidate.name, reason: oneLine(error) });
    }
  }
  const known = list.map(({ name, scale, generative, digest, facts }) => {
    return { name, scale, generative, digest, facts };
  });
  const isKnown = (name: string) => known.some((method) => method.name === name);
  record.methods = [...known, ...record.methods.filter(({ name }) => !isKnown(name))];
  return {
    list,
    async [Symbol.asyncDispose]() {
      for (const method of list) await method[Symbol.asyncDispose]();
    },
  };
}

/** Refuses pairs of methods that are not measured, before the run begins. */
function checkPairs({ vs }: Settings, names: readonly string[]): void {
  for (const name of vs.flat()) {
    if (names.includes(name)) continue;
    const known = [...new Set(names)].join(", ");
    throw new RangeError(`Cannot compare "${name}" (--vs): the methods of this run are ${known}`);
  }
}

/**
 * The methods that the settings ask for: baselines first, each once.
 *
 * @throws {Error} If two of them have the same name, or an entry is given two temperatures.
 */
async function candidatesOf(settings: Settings, signal: AbortSignal): Promise<Candidate[]> {
  const { model, temperature, provider, threads, results } = settings;
  const { upscalerjs, upscalerjsModels, realesrgan } = settings;
  const asked = model ?? await wholeZoo();
  const entries = asked.filter((name) => !baselines.includes(name))
    .flatMap((spec) => temperature ? atTemperatures(spec, temperature) : spec);
  return unambiguous([
    ...baselines.map((name) => ({ name, open: () => Promise.resolve(baseline(name)) })),
    ...[...new Set(entries)].map((spec) => ({
      name: entryName(spec),
      open: () => entryMethod(spec, { provider, threads, signal }),
    })),
    ...(upscalerjs === undefined ? [] : upscalerjsModels ?? []).map((peer) => ({
      name: peerName(peer),
      open: () => upscalerjsMethod(upscalerjs!, peer),
    })),
    ...(realesrgan === undefined ? [] : realesrganModels).map((name) => ({
      name,
      open: () => realesrganMethod(realesrgan!, name, { provider, threads, signal }),
    })),
    ...results.map(([name, folder]) => ({ name, open: () => resultsMethod(name, folder) })),
  ]);
}

/** Ids of all entries but the bicubic ones, which equal the baseline `bicubic`. */
async function wholeZoo(): Promise<string[]> {
  return (await openZoo().list()).filter(({ family }) => family !== "bicubic").map(({ id }) => id);
}

/** Refuses two methods with one name, which would overwrite each other's figures. */
function unambiguous(candidates: Candidate[]): Candidate[] {
  const names = candidates.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return candidates;
  throw new Error(
    `Cannot measure two methods with the name "${twice}": rename one of the folders, or measure them ` +
      `in two runs with another --out`,
  );
}
