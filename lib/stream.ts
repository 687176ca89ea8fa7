/** Streams: generators that yield the progress of some work and return its result. @module */

/** Maps the values of a generator and returns its result; the generator ends when this one does. */
export async function* mapped<From, To, Result>(
  source: AsyncGenerator<From, Result>,
  make: (value: From) => To,
): AsyncGenerator<To, Result> {
  try {
    let next = await source.next();
    for (; !next.done; next = await source.next()) yield make(next.value);
    return next.value;
  } finally {
    await source.return(undefined as Result);
  }
}
