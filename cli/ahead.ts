/** Work of two stages at the same time. @module */

/**
 * The same items, each made while the one before it is used: at most one waits, so that memory stays bounded.
 *
 * What making an item throws is thrown when that item is asked for. Whoever stops asking waits for the one in the making.
 */
export async function* ahead<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item, undefined> {
  let next = items.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = items.next();
      next.catch(() => {}); // it is thrown in its turn
      yield value;
    }
  } finally {
    await items.return(undefined);
  }
}

/** Something that is in the making. */
export interface Begun<Made> {
  /** It, or why it could not be made. */
  made: Promise<Made>;
}

/**
 * Begins to make something of each item, and does not wait for it: `ahead()` of this makes two at a time.
 *
 * Whoever stops asking waits for the last one.
 */
export async function* begun<Item, Made>(
  items: AsyncGenerator<Item>,
  make: (item: Item) => Promise<Made>,
): AsyncGenerator<Begun<Made>, undefined> {
  let last: Promise<Made> | undefined;
  try {
    for await (const item of items) {
      const made = last = make(item);
      made.catch(() => {}); // it is thrown to whoever waits for it
      yield { made };
    }
  } finally {
    await Promise.allSettled([last]);
  }
}
