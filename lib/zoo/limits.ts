/** Limits of everything that is read from others. @module */

const KiB = 2 ** 10;
const MiB = 2 ** 20;

/** Largest number of bytes by kind of file. */
export const limits = {
  /** A `model.yml`; those of this package have 5 KiB. */
  card: 128 * KiB,
  /** An `index.yml`. */
  index: 512 * KiB,
  /** A recorded run. */
  fixture: 64 * MiB,
  /** One graph: the largest protocol buffer. */
  graph: 2048 * MiB - 1,
} as const;

/** Number of redirects that are followed. */
export const maximumRedirects = 5;

/** Most entries of one index: listing it reads all of their cards. */
export const maximumEntries = 10_000;
