/** Formats by the extensions of their files. @module */

import { extname } from "node:path";
import type { OutputFormat } from "../lib/image/files/format.ts";

const WRITTEN: readonly [OutputFormat, RegExp][] = [
  ["png", /^\.(png|apng)$/i],
  ["jpeg", /^\.(jpe?g|jpe|jfif)$/i],
  ["webp", /^\.webp$/i],
];

const FOREIGN = new RegExp(
  "^\\.(gif|bmp|dib|tiff?|avif|hei[cf]s?|jxl|jp2|j2k|ico|psd|svgz?|tga|exr|hdr|p[bgnp]m|qoi|xcf|" +
    "dng|cr[23]|nef|arw|orf|rw2|raf)$",
  "i",
);

/** The extension that a result gets where the input has none of its format. */
export const extensionOf: Readonly<Record<OutputFormat, string>> = {
  png: ".png",
  jpeg: ".jpg",
  webp: ".webp",
};

/** The format that the extension of a path names, if it is one that is written here. */
export function formatOf(path: string): OutputFormat | undefined {
  return WRITTEN.find(([, pattern]) => pattern.test(extname(path)))?.[0];
}

/** Whether the extension of a path names an image format that is not written here. */
export function isForeign(path: string): boolean {
  return FOREIGN.test(extname(path));
}

/** Whether a user takes a file of this name for an image, whether it can be read here or not. */
export function isImageName(path: string): boolean {
  return formatOf(path) !== undefined || isForeign(path);
}
