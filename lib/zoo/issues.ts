/** What the faults that a card's schema finds are called. @module */

import type * as z from "zod/mini";

/**
 * Names a fault: zod/mini, a sixth of zod in a page's bundle, says "Invalid input" of all, and zod's words for every kind of fault
 * are longer than these for what the schema uses.
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
