/** Threads that another thread starts and ends. @module */

import type { Thread } from "../lib/thread.ts";

/**
 * Starts a thread for this one, which talks to it by a port: the thread gets it as `{ kind: "line", port }`.
 *
 * @returns Ends it.
 */
export type StartForAnother = (
  script: string,
  port: MessagePort,
  onError: (message: string) => void,
) => () => void;

/** A thread at the other end of a port. */
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
