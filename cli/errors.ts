/** Errors as one line. @module */

import { permissionLine } from "./permissions.ts";

/** One line that names the file, and the stack if it is wanted. */
export function described(
  error: unknown,
  file?: string,
  debug?: boolean,
): { message: string; stack?: string } {
  const cause = error instanceof Error ? error : new Error(String(error));
  const text = permissionLine(error) ?? memoryLine(cause) ??
    cause.message.replace(/\s*\n\s*/g, " ");
  const message = file === undefined || text.includes(file) ? text : `${file}: ${text}`;
  return debug ? { message, stack: cause.stack } : { message };
}

/** What the engine calls an allocation is to the user a picture that is too large. */
function memoryLine({ message }: Error): string | undefined {
  if (!/allocation failed|out of memory|Invalid typed array length/i.test(message)) {
    return undefined;
  }
  return "Cannot find the memory for it: take a smaller picture, or lower --memory or --tile";
}
