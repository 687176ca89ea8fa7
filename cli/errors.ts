/** Errors as one line. @module */

import { oneLine } from "../lib/errors.ts";
import { permissionLine } from "./permissions.ts";

/** One line that names the file, and the stack if `debug` is set. */
export function described(
  error: unknown,
  file?: string,
  debug?: boolean,
): { message: string; stack?: string } {
  const cause = error instanceof Error ? error : new Error(String(error));
  const text = permissionLine(error) ?? memoryLine(cause) ??
    withFlags(oneLine(cause.message));
  const name = file && inputName(file);
  const message = name === undefined || text.includes(name) ? text : `${name}: ${text}`;
  return debug ? { message, stack: cause.stack } : { message };
}

/** The name of an input in messages. */
export function inputName(file: string): string {
  return file === "-" ? "standard input" : file;
}

/** The message for a failed allocation in the JavaScript engine; undefined for other errors. */
function memoryLine({ message }: Error): string | undefined {
  if (!/allocation failed|out of memory|Invalid typed array length/i.test(message)) {
    return undefined;
  }
  return "Not enough memory: take a smaller image, or lower --memory or --tile";
}

/** Names of options in the library's errors, and the flags that stand for them. */
const FLAGS: readonly [RegExp, string][] = [
  [/^Cannot use (samples|steps|temperature|fidelity|restore|tile) = /, "Cannot use --$1 "],
  [/^Cannot use the sampler "(.*?)":/, "Cannot use --sampler $1:"],
  [
    /\bAllow more memory, take a smaller tile or fewer samples\b/,
    "Allow more with --memory, take a smaller --tile or fewer --samples",
  ],
  [/\ballow more memory\b/, "allow more with --memory"],
];

/** The message with flags in place of option names. */
function withFlags(message: string): string {
  return FLAGS.reduce((text, [pattern, flag]) => text.replace(pattern, flag), message);
}
