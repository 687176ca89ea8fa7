// deno-lint-ignore-file no-control-regex -- signatures hold control characters
/** Formats by their first bytes. @module */

import { DecodeError, UnsupportedError } from "../../errors.ts";
import type { InputFormat } from "./format.ts";

/** First bytes as Latin-1 text; a dot stands for any byte. */
const SIGNATURES: readonly [name: string, start: RegExp][] = [
  ["png", /^\x89PNG\r\n\x1a\n/],
  ["jpeg", /^\xff\xd8/],
  ["webp", /^RIFF....WEBP/s],
  ["GIF", /^GIF8[79]a/],
  ["TIFF", /^(II[*+]\0|MM\0[*+])/],
  ["BMP", /^BM/],
  ["AVIF", /^....ftyp(avif|avis)/s],
  ["HEIC", /^....ftyp(heic|heix|hevc|heim|heis|mif1|msf1)/s],
  ["JPEG XL", /^(\xff\x0a|\0\0\0\x0cJXL )/],
  ["JPEG 2000", /^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/],
  ["ICO", /^\0\0[\x01\x02]\0/],
  ["PSD", /^8BPS/],
  ["PDF", /^%PDF/],
  ["ZIP", /^PK/],
  ["SVG", /^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg/is],
  ["HTML", /^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)/i],
  ["JSON", /^\s*[{[]\s*["{[\d]/],
];

/**
 * Names the format of a file.
 *
 * @throws {UnsupportedError} If it is a known format that is not read here.
 * @throws {DecodeError} If it is empty or nothing known.
 */
export function sniff(bytes: Uint8Array): InputFormat {
  if (bytes.length === 0) throw new DecodeError("Cannot read the picture: the file is empty");
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  const name = SIGNATURES.find(([, start]) => start.test(head))?.[0];
  if (name === "png" || name === "jpeg" || name === "webp") return name;
  if (name) {
    throw new UnsupportedError(`Cannot read ${name}: convert it to PNG, JPEG or WebP first`);
  }
  throw new DecodeError(
    "Cannot read the picture: its first bytes are those of no known format. Give PNG, JPEG or WebP",
  );
}
