/** The threads that the thread of a command asks for: it cannot start them quickly itself. @module */

/** What is asked for. */
export type Wish =
  | { kind: "start"; id: number; script: string; port: MessagePort }
  | { kind: "terminate"; id: number };

/** A thread that was started. */
interface Started {
  readonly script: string;
  readonly worker: Worker;
  /** Resolves with the message if it fails. */
  readonly broken: Promise<string>;
}

/** Threads by the numbers that the asking thread gave them. */
export class Threads {
  readonly #running = new Map<number, Worker>();
  #foreseen: Started | undefined;

  /** Starts a thread before it is asked for: the first one with this script. */
  foresee(script: string): void {
    this.#foreseen = started(script);
  }

  /**
   * Starts a thread or ends it.
   *
   * @param onBroken Called when a thread fails.
   */
  grant(wish: Wish, onBroken: (id: number, message: string) => void): void {
    const { id } = wish;
    if (wish.kind === "terminate") {
      this.#running.get(id)?.terminate();
      this.#running.delete(id);
      return;
    }
    const { worker, broken } = this.#taken(wish.script) ?? started(wish.script);
    this.#running.set(id, worker);
    broken.then((message) => onBroken(id, message));
    worker.postMessage({ kind: "line", port: wish.port }, [wish.port]);
  }

  /** The foreseen thread, if it has this script. */
  #taken(script: string): Started | undefined {
    if (this.#foreseen?.script !== script) return undefined;
    const taken = this.#foreseen;
    this.#foreseen = undefined;
    return taken;
  }
}

function started(script: string): Started {
  const worker = new Worker(script, { type: "module" });
  const { promise: broken, resolve } = Promise.withResolvers<string>();
  worker.onerror = (event) => {
    event.preventDefault();
    resolve(event.message);
  };
  return { script, worker, broken };
}
