/** Exit codes of the commands. @module */

/** Exit codes. */
export const exitCodes = {
  /** Everything is done. */
  done: 0,
  /** Some files failed; the others are done. */
  someFailed: 1,
  /** The command line is wrong; nothing was done. */
  wrongUsage: 2,
  /** A signal ended the run; written files are complete. */
  interrupted: 130,
} as const;
