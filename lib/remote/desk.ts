/** Answers the calls to the library in this worker. @module */

import { openGenerator } from "../generator.ts";
import type { ImageGenerator } from "../generator.ts";
import type { Preview } from "../enlarge.ts";
import type { EntryOptions } from "../entry.ts";
import type { Image } from "../image/image.ts";
import type { Plan, UpscaleOptions } from "../plan.ts";
import type { NoiseField } from "../tensor/noise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Movable } from "../thread.ts";
import { drain, openUpscaler, type Upscaled, type Upscaler } from "../upscaler.ts";
import type { Answer, FromLibrary, Notice, Request, ToLibrary, Watches } from "./messages.ts";
import { pack, unpack } from "./parcel.ts";
import { sendError } from "./sent_error.ts";

/** One call, and what it holds. */
interface Work {
  /** Sends an answer to the caller. */
  say(answer: Answer): void;
  controller: AbortController;
  /** Noise that the caller draws. */
  draws: Map<number, PromiseWithResolvers<Tensor>>;
  /** Its steps, if it takes them one by one. */
  walk?: AsyncGenerator<Preview, Upscaled>;
}

/** A step as it is sent: an unfinished image, or the result. */
export type SentStep =
  | { preview: Pick<Preview, "sample" | "step" | "steps"> & { image: Image; state?: Image } }
  | { result: Upscaled };

/** The desk of the library, which holds one entry once it is opened. */
export function libraryDesk(
  post: (message: FromLibrary, transfer: Movable[]) => void,
): { library(message: ToLibrary & { kind: "library" }): Promise<void> } {
  const works = new Map<number, Work>();
  let opened: Upscaler | ImageGenerator | undefined;

  function begin(call: number): Work {
    const say = (answer: Answer) => {
      const { content, transfer } = pack(answer, { isGift: true });
      post({ call, content }, transfer);
    };
    const work: Work = { say, controller: new AbortController(), draws: new Map() };
    works.set(call, work);
    return work;
  }

  async function open(
    { what, model, options, watches }: Request & { kind: "open" },
    { say, controller: { signal } }: Work,
  ): Promise<unknown> {
    const onDownload: EntryOptions["onDownload"] = (progress) =>
      say({ kind: "download", progress });
    const how = { ...options, signal, ...watches.download && { onDownload } };
    opened = what === "upscaler" ? await openUpscaler(model, how) : await openGenerator(model, how);
    return opened.card;
  }

  function start(
    { inputs, how, watches }: Request & { kind: "run" | "begin" },
    work: Work,
  ): AsyncGenerator<Preview, Upscaled> {
    const stream = opened!.stream as (...given: unknown[]) => AsyncGenerator<Preview, Upscaled>;
    return stream(...inputs, { ...how, ...handlesOf(work, watches) });
  }

  function answer(request: Request, work: Work): Promise<unknown> {
    switch (request.kind) {
      case "open":
        return open(request, work);
      case "run":
        return drain(start(request, work));
      case "begin":
        work.walk = start(request, work);
        return Promise.resolve();
      case "step":
        return step(work.walk!);
      case "end":
        return work.walk!.return(undefined as never);
      case "encode": {
        const { low, high } = request as { low: Image; high: Image };
        return (opened as Upscaler).encode!(low, high, { signal: work.controller.signal });
      }
      case "close":
        return opened!.close();
    }
  }

  return {
    async library({ call, content }) {
      const said = unpack(content) as Request | Notice;
      const known = works.get(call);
      if (isNotice(said)) return known && hear(said, known);
      const work = known ?? begin(call);
      const state = () => opened && { provider: opened.provider, tried: opened.tried };
      try {
        const value = await answer(said, work);
        work.say({ kind: "done", value, state: state() });
      } catch (error) {
        work.say({ kind: "failed", error: sendError(error), state: state() });
      }
      if (!["begin", "step"].includes(said.kind)) works.delete(call);
    },
  };
}

function isNotice(said: Request | Notice): said is Notice {
  return said.kind === "abort" || said.kind === "drawn";
}

/** Handles a notice of the caller to a running call. */
function hear(notice: Notice, { controller, draws }: Work): void {
  if (notice.kind === "drawn") {
    draws.get(notice.draw)?.resolve(notice.values);
    draws.delete(notice.draw);
    return;
  }
  controller.abort(new DOMException("the caller has aborted it", "AbortError"));
  for (const { reject } of draws.values()) reject(controller.signal.reason);
}

/** Options that are functions; their calls are forwarded to the caller. */
function handlesOf(
  { say, controller: { signal }, draws }: Work,
  { progress, noise }: Watches,
): Partial<UpscaleOptions & Plan> {
  let count = 0;
  const field: NoiseField = (index, dims, origin) => {
    const drawn = Promise.withResolvers<Tensor>();
    const draw = count++;
    draws.set(draw, drawn);
    say({ kind: "draw", draw, index, dims, origin });
    return drawn.promise;
  };
  return {
    signal,
    ...progress && { onProgress: (progress) => say({ kind: "progress", progress }) },
    ...noise && { noise: field },
  };
}

/** Takes a step; its images are made now, since this thread alone can make them. */
async function step(walk: AsyncGenerator<Preview, Upscaled>): Promise<SentStep> {
  const next = await walk.next();
  if (next.done) return { result: next.value };
  const { image, state, ...rest } = next.value;
  return { preview: { ...rest, image: await image(), state: await state?.() } };
}
