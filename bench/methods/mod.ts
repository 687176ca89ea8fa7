/** All methods of a run, by name. @module */

import { openZoo } from "../../lib/zoo/mod.ts";
import { upscalerjsMethod } from "../peers/upscalerjs.ts";
import type { Settings } from "../settings.ts";
import { baseline, baselines } from "./baselines.ts";
import { entryMethod } from "./entry.ts";
import type { Method } from "./method.ts";
import { resultsMethod } from "./results.ts";

/** A method that is not open yet. */
export interface Candidate {
  /** Its name, for the message when it does not open. */
  readonly name: string;
  /** Opens it. */
  open(): Promise<Method>;
}

/** The methods that the settings ask for: baselines first, each name once. */
export async function candidatesOf(settings: Settings, signal: AbortSignal): Promise<Candidate[]> {
  const { model, provider, threads, results, upscalerjs, upscalerjsModels } = settings;
  const asked = model ?? (await openZoo().list()).map((card) => card.id);
  const entries = asked.filter((name) => !baselines.includes(name));
  return [
    ...baselines.map((name) => ({ name, open: () => Promise.resolve(baseline(name)) })),
    ...[...new Set(entries)].map((name) => ({
      name,
      open: () => entryMethod(name, { provider, threads, signal }),
    })),
    ...(upscalerjs === undefined ? [] : upscalerjsModels ?? []).map((peer) => ({
      name: `upscalerjs-${peer}`,
      open: () => upscalerjsMethod(upscalerjs!, peer),
    })),
    ...results.map(([name, folder]) => ({ name, open: () => resultsMethod(name, folder) })),
  ];
}
