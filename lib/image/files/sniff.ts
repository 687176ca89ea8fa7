/** Formats by their first bytes. @module */

import { DecodeError, UnsupportedError } from "../../errors.ts";
import type { InputFormat } from "./format.ts";

/** Number of bytes that are examined. */
const HEAD = 512;

/** First bytes as Latin-1 text, `?` for any byte, and the format that starts with them. */
const SIGNATURES: readonly [start: string, name: string][] = [
  ["\x89PNG\r\n\x1a\n", "png"],
  ["\xff\xd8", "jpeg"],
  ["RIFF????WEBP", "webp"],
  ["GIF87a", "GIF"],
  ["GIF89a", "GIF"],
  ["II*\0", "TIFF"],
  ["II+\0", "TIFF"],
  ["MM\0*", "TIFF"],
  ["MM\0+", "TIFF"],
  ["BM", "BMP"],
  ...["avif", "avis"].map((brand) => [`????ftyp${brand}`, "AVIF"] as [string, string]),
  ...["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"]
    .map((brand) => [`????ftyp${brand}`, "HEIC"] as [string, string]),
  ["\xff\x0a", "JPEG XL"],
  ["\0\0\0\x0cJXL ", "JPEG XL"],
  ["\0\0\0\x0cjP  ", "JPEG 2000"],
  ["\xff\x4f\xff\x51", "JPEG 2000"],
  ["\0\0\x01\0", "ICO"],
  ["\0\0\x02\0", "ICO"],
  ["8BPS", "PSD"],
  ["%PDF", "PDF"],
  ["PK", "ZIP"],
];

/**
 * Names the format of a file.
 *
 * @throws {UnsupportedError} If it is a known format that is not read here.
 * @throws {DecodeError} If it is empty or of an unknown format.
 */
export function sniff(bytes: Uint8Array): InputFormat {
  if (bytes.length === 0) throw new DecodeError("Cannot read the image: the file is empty");
  const head = String.fromCharCode(...bytes.subarray(0, HEAD));
  const name = SIGNATURES.find(([start]) => beginsWith(head, start))?.[1] ?? textFormat(head);
  if (name === "png" || name === "jpeg" || name === "webp") return name;
  if (name) {
    throw new UnsupportedError(`Cannot read ${name}: convert it to PNG, JPEG or WebP first`);
  }
  throw new DecodeError(
    "Cannot read the image: its format is unknown. Give PNG, JPEG or WebP",
  );
}

function beginsWith(head: string, start: string): boolean {
  return head.length >= start.length &&
    [...start].every((letter, i) => letter === "?" || letter === head[i]);
}

/**
 * The format of a text. It is scanned once from the left, without a regular expression, which could try the same
 * text in many ways.
 */
function textFormat(head: string): string | undefined {
  const text = head.startsWith("\xef\xbb\xbf") ? head.slice(3) : head;
  const start = text.trimStart();
  if (start.startsWith("{") || start.startsWith("[")) {
    return '"{[0123456789'.includes(start.slice(1).trimStart()[0] ?? " ") ? "JSON" : undefined;
  }
  const prolog = start.toLowerCase();
  const root = rootOf(prolog);
  if (root.startsWith("<svg")) return "SVG";
  const pages = ["<!doctype html", "<html", "<head", "<body"];
  return pages.some((page) => prolog.startsWith(page)) ? "HTML" : undefined;
}

/** The rest of an XML text after its declaration, comments and document type. */
function rootOf(text: string): string {
  const marks = [["<?xml", "?>"], ["<!--", "-->"], ["<!doctype svg", ">"]];
  for (;;) {
    const mark = marks.find(([open]) => text.startsWith(open));
    const end = mark ? text.indexOf(mark[1], mark[0].length) : -1;
    if (!mark || end < 0) return text;
    text = text.slice(end + mark[1].length).trimStart();
  }
}
