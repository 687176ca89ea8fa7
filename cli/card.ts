/** Finds the card of an entry that a flag or an argument names. @module */

import { ModelNotFoundError } from "../lib/errors.ts";
import { type ModelCard, resolveCard, type ResolveOptions } from "../lib/zoo/mod.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Finds the card of one entry.
 *
 * @throws {UsageError} If the zoo has no such entry.
 */
export async function cardOf(model: string, where: ResolveOptions): Promise<ModelCard> {
  try {
    return await resolveCard(model, where);
  } catch (error) {
    if (!(error instanceof ModelNotFoundError)) throw error;
    const isFolder = await Deno.stat(model).then((stat) => stat.isDirectory, () => false);
    const hint = isFolder ? `; for the folder write ./${model}` : "";
    throw new UsageError(error.message + hint, { cause: error });
  }
}
