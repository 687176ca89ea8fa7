/** Starts threads for the thread of a command, which cannot start them quickly itself. @module */

/** What the thread of a command asks for. */
export type Wish =
  | { kind: "start"; id: number; script: string; port: MessagePort }
  | { kind: "terminate"; id: number };

/** Threads by the numbers that the asking thread gave them. */
export class Threads {
  readonly #running = new Map<number, Worker>();

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
    const worker = new Worker(wish.script, { type: "module" });
    this.#running.set(id, worker);
    worker.onerror = (event) => {
      event.preventDefault();
      onBroken(id, event.message);
    };
    worker.postMessage({ kind: "line", port: wish.port }, [wish.port]);
  }
}
