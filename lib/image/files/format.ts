/** Formats of image files. @module */

/** Formats that can be read. */
export type InputFormat = "png" | "jpeg" | "webp";

/** Formats that can be written. */
export type OutputFormat = "png" | "jpeg" | "webp";
