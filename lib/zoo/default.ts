/** The entry for those who name none. @module */

/** Id of the entry that the command line and the page start with: x4, for photographs as people have them. */
export const DEFAULT_MODEL = "srdiff-photo";
