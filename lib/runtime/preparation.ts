/** The part of opening graphs that is the same for all of them, started before they are read. @module */

import { startThread, type Thread } from "../thread.ts";
import { whyNoGpu } from "./adapter.ts";
import type { Provider } from "./session.ts";
import type { Request } from "./worker.ts";

/** A thread for graphs and the search for a GPU, both under way. */
export interface Preparation {
  /** Why a provider is not available; undefined if nobody is looking, or if this was asked before. */
  whyNot(provider: Provider): Promise<string | undefined> | undefined;
  /** The thread, for the first caller; undefined if there is none for this provider. */
  thread<In>(provider: Provider): Thread<Request, In> | undefined;
  /** Ends the thread, if nobody has asked for it. */
  end(): void;
}

/**
 * Looks for a GPU, and in Deno starts a thread, which loads ONNX Runtime for the CPU if there is no GPU. Node, which crashes
 * if a thread ends while it loads native code, starts its threads only when there are graphs, and so do pages.
 *
 * @param options The only provider to try, and the script of the thread.
 */
export function prepare(
  { provider, worker }: { provider?: Provider; worker?: string | URL },
): Preparation {
  let gpu = provider === undefined ? whyNoGpu(false) : undefined;
  gpu?.catch(() => {}); // it rejects again for whoever asks
  let thread: Thread<Request, unknown> | undefined;
  const load = (noGpu?: string) => {
    if (noGpu !== undefined) thread?.post({ kind: "load", provider: "native" });
  };
  if ("Deno" in globalThis && (provider ?? "native") === "native") {
    thread = startedQuietly(worker);
    thread?.listen(() => {}, () => thread = undefined); // the next thread reports why
    if (gpu) gpu.then(load, load);
    else load(""); // no GPU was asked for
  }
  return {
    whyNot(name) {
      if (name !== "webgpu") return undefined;
      const answer = gpu;
      gpu = undefined;
      return answer;
    },
    thread<In>(name: Provider) {
      if (name !== "native") return undefined;
      const taken = thread;
      thread = undefined;
      return taken as Thread<Request, In> | undefined;
    },
    end: () => thread?.end(),
  };
}

/** Starts a thread; undefined if that fails, which is reported when graphs need one. */
function startedQuietly(script?: string | URL): Thread<Request, unknown> | undefined {
  try {
    return startThread({ script });
  } catch {
    return undefined;
  }
}
