/** Reads and checks cards. @module */

import type * as z from "zod/mini";
import { ManifestError } from "../errors.ts";
import type { ModelCard } from "./card.ts";
import { findFaults } from "./faults.ts";
import { limits } from "./limits.ts";
import { english } from "./issues.ts";
import { modelCardSchema } from "./schema.ts";
import { asFolder, nameOf, toUrl } from "./place.ts";
import { type ReadOptions, readText } from "./source.ts";
import { parseYaml } from "./yaml.ts";

/**
 * Reads the card of one entry, which need not be part of a zoo.
 *
 * @param source Path or URL of a `model.yml`, or of the folder that holds one.
 * @throws {ManifestError} If the file is not a card; the message lists every fault.
 * @throws {Error} If the file cannot be read.
 */
export async function readCard(
  source: string | URL,
  options: ReadOptions = {},
): Promise<ModelCard> {
  const place = toUrl(source);
  const url = /\.ya?ml$/.test(place.pathname) ? place : new URL("model.yml", asFolder(place));
  return parseCard(await readText(url, limits.card, options), url);
}

/**
 * Parses the text of a `model.yml`.
 *
 * @param text YAML.
 * @param url Its address; graphs are looked for beside it.
 * @throws {ManifestError} If it is not a card; the message lists every fault.
 */
export function parseCard(text: string, url: URL): ModelCard {
  return { ...checkCard(parseYaml(text, nameOf(url)), nameOf(url)), base: new URL(".", url).href };
}

/**
 * Checks a card that a program passes in: it may have been made or changed by the program.
 *
 * @throws {ManifestError} If it is not a card; the message lists every fault.
 */
export function recheckCard({ base, ...value }: ModelCard): ModelCard {
  return { ...checkCard(value, value.id), base };
}

/**
 * Checks a value against the schema and its parts against each other.
 *
 * @param value A value from YAML or from a program.
 * @param place Its name in errors.
 * @throws {ManifestError} If it is not a card; the message lists every fault.
 */
export function checkCard(value: unknown, place: string): ModelCard {
  const { success, data, error } = modelCardSchema.safeParse(value, { error: english });
  if (!success) {
    const key = error.issues[0].path.join(".");
    throw new ManifestError(`${place}#${key}`, error.issues.map(told).join("; "));
  }
  const faults = findFaults(data);
  if (faults.length > 0) {
    const message = faults.map((fault) => `${fault.path} ${fault.message}`).join("; ");
    throw new ManifestError(`${place}#${faults[0].path}`, message);
  }
  return data;
}

/** A fault and its key, such as `Invalid input: expected int, received string at steps.trained[0].steps`. */
function told({ message, path }: z.core.$ZodIssue): string {
  const keys = path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join("");
  return keys ? `${message} at ${keys.slice(1)}` : message;
}
