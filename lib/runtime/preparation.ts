/** What opening graphs takes whatever they are: it is begun before they are there. @module */

import { startThread, type Thread } from "../thread.ts";
import { whyNoGpu } from "./adapter.ts";
import type { Provider } from "./session.ts";
import type { Request } from "./worker.ts";

/** A thread for graphs, and the answer whether there is a GPU, on their way. */
export interface Preparation {
  /** Why a provider is not available; undefined, once, if that is not being found out. */
  whyNot(provider: Provider): Promise<string | undefined> | undefined;
  /** The thread, for the first who asks; undefined where there is none for this provider. */
  thread<In>(provider: Provider): Thread<Request, In> | undefined;
  /** Ends what nobody has asked for. */
  end(): void;
}

/**
 * Looks for a GPU, and starts a thread of Deno that loads ONNX Runtime for the CPU if there is none. Node, which dies when a
 * thread ends that loads native code, starts its threads when there are graphs, and so do pages.
 *
 * @param options The only provider to try, and the script of the thread.
 */
export function prepare(
  { provider, worker }: { provider?: Provider; worker?: string | URL },
): Preparation {
  let gpu = provider === undefined ? whyNoGpu(false) : undefined;
  gpu?.catch(() => {}); // who asks is told
  let thread: Thread<Request, unknown> | undefined;
  const load = (noGpu?: string) => {
    if (noGpu !== undefined) thread?.post({ kind: "load", provider: "native" });
  };
  if ("Deno" in globalThis && (provider ?? "native") === "native") {
    thread = startedQuietly(worker);
    thread?.listen(() => {}, () => thread = undefined); // that it ended is told with the next one
    if (gpu) gpu.then(load, load);
    else load(""); // it is not asked for
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

/** Starts a thread; undefined where it cannot be, which is told when there are graphs for it. */
function startedQuietly(script?: string | URL): Thread<Request, unknown> | undefined {
  try {
    return startThread({ script });
  } catch {
    return undefined;
  }
}
