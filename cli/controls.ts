// deno-lint-ignore-file no-control-regex -- this file escapes control characters
/** Characters that a terminal executes instead of showing. @module */

/**
 * C0 and C1 controls, and characters that change the direction or the lines of a text: in a file name or in the text of
 * a card they could rewrite what the terminal shows.
 */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Replaces each of these characters with text, by default `\x1b` for an escape. */
export function escapeControls(text: string, write: (letter: string) => string = inHex): string {
  return text.replace(CONTROLS, write);
}

function inHex(letter: string): string {
  const code = letter.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}
