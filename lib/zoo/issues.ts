/** Messages for the faults that a card's schema finds. @module */

import type * as z from "zod/mini";

/**
 * Describes a fault. zod/mini, which takes a sixth of zod's size in a page's bundle, calls every fault "Invalid input", and zod's
 * messages for all kinds of faults are longer than these for the kinds that the schema uses.
 */
export const english: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return `Invalid input: expected ${issue.expected}, received ${kindOf(issue.input)}`;
    case "invalid_value":
      return `Invalid option: expected one of ${
        issue.values.map((v) => JSON.stringify(v)).join("|")
      }`;
    case "too_big":
      return `Too big: expected ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "too_small":
      return `Too small: expected ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "unrecognized_keys":
      return `Unrecognized key${issue.keys.length > 1 ? "s" : ""}: ${
        issue.keys.map((key) => `"${key}"`).join(", ")
      }`;
    default:
      return `Invalid ${issue.code === "invalid_format" ? issue.format : "input"}`;
  }
};

/** The kind of a value. */
function kindOf(value: unknown): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
