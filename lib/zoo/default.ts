/** The default entry. @module */

/** Id of the default entry of the command line and the page: x4, for everyday photographs. */
export const DEFAULT_MODEL = "srdiff-photo";
