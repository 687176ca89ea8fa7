/** YAML of strangers: no aliases, no repeated keys, and an error for whatever else is wrong. @module */

import { isMap, isScalar, parseDocument, visit, type YAMLMap } from "yaml";
import { ManifestError } from "../errors.ts";

/**
 * Parses YAML.
 *
 * @param text Of a size that was limited when it was read.
 * @param place What errors call it.
 * @throws {ManifestError} If it is broken; the path ends with line and column where they are known.
 */
export function parseYaml(text: string, place: string): unknown {
  try {
    return withoutEnvironment(() => parse(text, place));
  } catch (cause) {
    if (cause instanceof ManifestError) throw cause;
    // Brackets nested too deeply overflow the stack of the parser.
    const why = cause instanceof RangeError ? "it is nested too deeply" : (cause as Error).message;
    throw new ManifestError(place, why, { cause });
  }
}

function parse(text: string, place: string): unknown {
  // The parser compares each key with all others, which takes minutes for a hundred thousand of them.
  const document = parseDocument(text, { uniqueKeys: false });
  const [error] = document.errors;
  if (error) {
    const { line, col } = error.linePos?.[0] ?? { line: 1, col: 1 };
    throw new ManifestError(
      `${place}:${line}:${col}`,
      error.message.split("\n")[0].replace(/:$/, ""),
    );
  }
  visit(document, {
    Alias: (_, { source }) => {
      // A few of them can stand for more than any memory holds.
      throw new ManifestError(place, `the alias *${source} is not allowed: write the value out`);
    },
    Map: (_, map) => void refuseRepeatedKeys(map, text, place),
  });
  return document.toJS({ maxAliasCount: 0 });
}

function refuseRepeatedKeys(map: YAMLMap, text: string, place: string): void {
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    const name = isScalar(key) ? key.value : key;
    if (isMap(name) || !seen.has(name)) {
      seen.add(name);
      continue;
    }
    const offset = isScalar(key) ? key.range?.[0] ?? 0 : 0;
    const line = text.slice(0, offset).split("\n").length;
    throw new ManifestError(`${place}:${line}`, `the key "${name}" is given twice`);
  }
}

/** The parser looks for switches of its own in the environment, which Deno may not allow to read. */
function withoutEnvironment<T>(work: () => T): T {
  const { process } = globalThis as { process?: { env: unknown } };
  if (!process) return work();
  const { env } = process;
  process.env = {};
  try {
    return work();
  } finally {
    process.env = env;
  }
}
