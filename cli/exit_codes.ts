/** What the exit code of the command says. @module */

/** Exit codes. */
export const exitCodes = {
  /** All is done. */
  done: 0,
  /** Some file failed; the others are done. */
  someFailed: 1,
  /** The command line cannot be obeyed; nothing was done. */
  wrongUsage: 2,
  /** A signal ended the run; what is written is whole. */
  interrupted: 130,
} as const;
