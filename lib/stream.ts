/** Streams: generators of what there is to see of a work, which return its result. @module */

/** What is made of each value of a generator, which ends with this one. */
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
