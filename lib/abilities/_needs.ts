/** Checks that abilities make before they start. @module */

import { checkNumber } from "../checks.ts";
import { UnsupportedError } from "../errors.ts";
import type { FamilyOption } from "../models/model.ts";
import type { Upscaler } from "../upscaler.ts";

/**
 * Refuses an upscaler that does not know an option.
 *
 * @param work What cannot be done without it, such as "interpolate between seeds".
 * @throws {UnsupportedError} If the upscaler does not know it.
 */
export function needOption({ card, accepts }: Upscaler, option: FamilyOption, work: string): void {
  if (accepts.includes(option)) return;
  const knows = accepts.length > 0 ? `it knows ${accepts.join(", ")}` : "it does not draw samples";
  throw new UnsupportedError(
    `Cannot ${work} with ${card.id}: the family "${card.family}" does not have the option ` +
      `"${option}", ${knows}. Take another entry, such as srdiff`,
  );
}

/**
 * Refuses a value that is not from 0 to 1.
 *
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is another number.
 */
export function checkShare(name: string, value: number): void {
  checkNumber(name, value, { to: 1 });
}
