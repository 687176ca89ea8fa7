/** Overlaps the stages of a pipeline. @module */

/**
 * Yields the same items, and makes the next one while the current one is used. At most one waits, so that memory stays
 * bounded.
 *
 * An error in making an item is thrown when that item is requested. A consumer that stops early waits for the item
 * that is being made.
 */
export async function* ahead<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item, undefined> {
  let next = items.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = items.next();
      next.catch(() => {}); // it is thrown when that item is requested
      yield value;
    }
  } finally {
    await items.return(undefined);
  }
}

/** Something that is being made. */
export interface Begun<Made> {
  /** Resolves with it, or rejects with the reason why it could not be made. */
  made: Promise<Made>;
}

/**
 * Begins to make something of each item without waiting for it; with `ahead()` around it, two are made at a time.
 *
 * A consumer that stops early waits for the last one.
 */
export async function* begun<Item, Made>(
  items: AsyncGenerator<Item>,
  make: (item: Item) => Promise<Made>,
): AsyncGenerator<Begun<Made>, undefined> {
  let last: Promise<Made> | undefined;
  try {
    for await (const item of items) {
      const made = last = make(item);
      made.catch(() => {}); // the consumer gets the error
      yield { made };
    }
  } finally {
    await Promise.allSettled([last]);
  }
}
