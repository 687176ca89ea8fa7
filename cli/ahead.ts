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
