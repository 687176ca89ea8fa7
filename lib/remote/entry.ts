/** An entry that is opened in a worker, as this thread sees it. @module */

import type { Preview } from "../enlarge.ts";
import type { EntryOptions } from "../entry.ts";
import type { Model } from "../models/model.ts";
import { checkHandles, type Plan, type UpscaleOptions } from "../plan.ts";
import { onServer } from "../platform.ts";
import { checkOpening } from "../runtime/attempts.ts";
import type { Upscaled } from "../upscaler.ts";
import type { ModelCard } from "../zoo/card.ts";
import { toUrl } from "../zoo/place.ts";
import { fixPlaces } from "../zoo/resolve.ts";
import { checkReading } from "../zoo/source.ts";
import type { SentStep } from "./desk.ts";
import { startLibrary } from "./library.ts";
import type { Handles, Line } from "./line.ts";
import type { Kind, State, Watches } from "./messages.ts";
import { planningModel } from "./planning.ts";

/** An opened entry. */
export interface RemoteEntry {
  /** Its model card. */
  readonly card: ModelCard;
  /** Its model, to plan with. */
  readonly model: Model;
  /** The line to its worker. */
  readonly line: Line;
  /** Its provider, and those that failed. */
  readonly state: State;
  /** Runs it to the end. */
  run(inputs: Inputs, how: How): Promise<Upscaled>;
  /** Runs it step by step. */
  stream(inputs: Inputs, how: How): AsyncGenerator<Preview, Upscaled>;
  /** Closes the entry and ends the worker. */
  close(): Promise<void>;
}

/** Options of a run, or its plan. */
type How = Pick<UpscaleOptions | Plan, "signal" | "onProgress" | "noise">;
/** Makes the arguments of `stream()` before the options, when they are needed. */
type Inputs = () => Promise<readonly unknown[]>;

/**
 * Opens an entry in a worker of its own.
 *
 * @param what Whether to open an upscaler or a generator.
 * @param library URL of the worker's script, if a bundler did not find it.
 */
export async function openRemotely(
  what: Kind,
  model: string | URL | ModelCard,
  { library, ...options }: EntryOptions & { library?: string | URL },
): Promise<RemoteEntry> {
  checkReading(options);
  checkOpening(options);
  const { signal, onDownload, ...rest } = options;
  const places = await fixPlaces(model, options);
  const script = library && toUrl(library).href;
  const line = startLibrary(script);
  try {
    const card = await line.ask({
      ...{ kind: "open", what, model: places.model },
      options: { ...rest, zoo: places.zoo, ...!onServer && { worker: script } },
      watches: { download: onDownload !== undefined },
    }, { signal, onDownload }) as ModelCard;
    return entryAt(line, card);
  } catch (error) {
    line.end();
    throw error;
  }
}

function entryAt(line: Line, card: ModelCard): RemoteEntry {
  let closing: Promise<void> | undefined;

  async function run(inputs: Inputs, how: How) {
    const { handles, request } = apart(how);
    const asked = { kind: "run", inputs: await inputs(), ...request } as const;
    return await line.ask(asked, handles) as Upscaled;
  }

  async function* stream(inputs: Inputs, how: How): AsyncGenerator<Preview, Upscaled> {
    const { handles, request } = apart(how);
    const given = await inputs();
    const call = line.call(handles);
    try {
      await call.ask({ kind: "begin", inputs: given, ...request });
      for (;;) {
        const step = await call.ask({ kind: "step" }) as SentStep;
        if ("result" in step) return step.result;
        const { image, state, ...rest } = step.preview;
        yield {
          ...rest,
          image: () => Promise.resolve(image),
          state: state && (() => Promise.resolve(state)),
        };
      }
    } finally {
      await call.ask({ kind: "end" }).catch(() => {}); // if the entry is closed, the call has ended with it
      call.end();
    }
  }

  async function end() {
    try {
      await line.ask({ kind: "close" });
    } finally {
      line.end();
    }
  }

  return {
    ...{ card, model: planningModel(card), line, run, stream },
    get state() {
      return line.state;
    },
    close: () => closing ??= end(),
  };
}

/** Splits the options of a run into those that stay here and those that are sent. */
function apart(
  { signal, onProgress, noise, ...how }: How,
): { handles: Handles; request: { how: object; watches: Watches } } {
  checkHandles({ signal, onProgress, noise });
  const watches = { progress: onProgress !== undefined, noise: noise !== undefined };
  return { handles: { signal, onProgress, noise }, request: { how, watches } };
}
