/** Wrong command lines. @module */

/** A command line that is wrong; exit code 2. */
export class UsageError extends Error {
  /** Makes the error; the message says what to write instead. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UsageError";
  }
}
