/** Threads that another thread starts and ends. @module */

import type { Thread } from "../lib/thread.ts";

/**
 * Has another thread start a worker for this one, which talks to it over a port: the worker gets the other end as
 * `{ kind: "line", port }`.
 *
 * @returns A function that ends the worker.
 */
export type StartForAnother = (
  script: string,
  port: MessagePort,
  onError: (message: string) => void,
) => () => void;

/** A thread that another one starts, reached over a port. */
export function threadBy(start: StartForAnother, script: string): Thread<unknown, unknown> {
  const { port1: line, port2 } = new MessageChannel();
  let tell: (message: string) => void = () => {};
  const end = start(script, port2, (message) => tell(message));
  return {
    post: (message, transfer = []) => line.postMessage(message, transfer),
    listen(onMessage, onError = () => {}) {
      line.onmessage = ({ data }) => onMessage(data);
      tell = onError;
    },
    end() {
      line.close();
      end();
    },
    hold: () => {},
  };
}
