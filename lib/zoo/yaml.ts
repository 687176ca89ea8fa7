/** Untrusted YAML: no aliases, no repeated keys, and one kind of error for all faults. @module */

import { load, YAMLException } from "js-yaml";
import { ManifestError } from "../errors.ts";

/**
 * Parses YAML; an empty text, or one of comments alone, is `null`.
 *
 * @param text Of a size that was limited when it was read.
 * @param place Its name in errors.
 * @throws {ManifestError} If it is broken; the path ends with line and column if they are known.
 */
export function parseYaml(text: string, place: string): unknown {
  // The parser refuses a text of comments alone.
  if (text.replace(/#.*/g, "").trim() === "") return null;
  try {
    // A few aliases can stand for more than any memory holds.
    return load(text, { maxAliases: 0 });
  } catch (cause) {
    if (!(cause instanceof YAMLException) || !cause.mark) {
      throw new ManifestError(place, (cause as Error).message, { cause });
    }
    const { position, line, column } = cause.mark;
    const why = reasonAt(cause.reason, text.slice(position));
    throw new ManifestError(`${place}:${line + 1}:${column + 1}`, why, { cause });
  }
}

/** The parser's reason, with the part of the text that it is about. */
function reasonAt(reason: string, rest: string): string {
  const [word] = rest.match(/[^\s"':,[\]{}]+/) ?? [""];
  if (reason.startsWith("aliases exceeded")) {
    return `the alias *${word} is not allowed: write the value out`;
  }
  return reason === "duplicated mapping key" ? `the key "${word}" is given twice` : reason;
}
