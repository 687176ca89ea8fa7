/** Errors as one line. @module */

import { oneLine } from "../lib/errors.ts";
import { permissionLine } from "./permissions.ts";

/** One line that names the file, and the stack if it is wanted. */
export function described(
  error: unknown,
  file?: string,
  debug?: boolean,
): { message: string; stack?: string } {
  const cause = error instanceof Error ? error : new Error(String(error));
  const text = permissionLine(error) ?? memoryLine(cause) ??
    withFlags(oneLine(cause.message));
  const message = file === undefined || text.includes(file) ? text : `${file}: ${text}`;
  return debug ? { message, stack: cause.stack } : { message };
}

/** What the engine calls an allocation is to the user an image that is too large. */
function memoryLine({ message }: Error): string | undefined {
  if (!/allocation failed|out of memory|Invalid typed array length/i.test(message)) {
    return undefined;
  }
  return "Cannot find the memory for it: take a smaller image, or lower --memory or --tile";
}

/** How the library's errors name what the user of the command line calls a flag. */
const FLAGS: readonly [RegExp, string][] = [
  [/^Cannot use (samples|steps|temperature|fidelity|restore|tile) = /, "Cannot use --$1 "],
  [/^Cannot use the sampler "(.*?)":/, "Cannot use --sampler $1:"],
  [
    /\bAllow more memory, take a smaller tile or fewer samples\b/,
    "Allow more with --memory, take a smaller --tile or fewer --samples",
  ],
  [/\ballow more memory\b/, "allow more with --memory"],
];

/** The same message with the names that the command line has for the options. */
function withFlags(message: string): string {
  return FLAGS.reduce((text, [pattern, flag]) => text.replace(pattern, flag), message);
}
