/** Reports the events of images that are worked on at the same time as if they were done one after the other. @module */

import type { Event, Reporter } from "./events.ts";

/** The turn of one image. */
export interface Turn {
  /** Takes its events, which are reported once the images before it have ended. */
  report: Reporter;
  /** Resolves when they have. */
  begun: Promise<void>;
  /** Says that it has ended. */
  end(): void;
}

/** Makes the turns of images, in the order in which they are reported. */
export function turnsOf(report: Reporter): () => Turn {
  let before = Promise.resolve();
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let held: Event[] | undefined = [];
    const begun = before.then(() => {
      held?.forEach(report);
      held = undefined;
    });
    before = promise;
    return {
      report(event) {
        if (!held) return report(event);
        // Progress that is reported late is outdated, and would fill the memory.
        if (event.event === "progress" && held.at(-1)?.event === "progress") held.pop();
        held.push(event);
      },
      begun,
      end: resolve,
    };
  };
}
