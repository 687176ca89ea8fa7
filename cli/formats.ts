/** Image formats by file extension. @module */

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

/** The extension of a result whose input does not have one of its format. */
export const extensionOf: Readonly<Record<OutputFormat, string>> = {
  png: ".png",
  jpeg: ".jpg",
  webp: ".webp",
};

/** The format that the extension of a path names, if this program can write it. */
export function formatOf(path: string): OutputFormat | undefined {
  return WRITTEN.find(([, pattern]) => pattern.test(extname(path)))?.[0];
}

/** Whether the extension of a path names an image format that this program cannot write. */
export function isForeign(path: string): boolean {
  return FOREIGN.test(extname(path));
}

/** Whether the name is that of an image, readable here or not. */
export function isImageName(path: string): boolean {
  return formatOf(path) !== undefined || isForeign(path);
}
