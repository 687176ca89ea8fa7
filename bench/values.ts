/** Parsers for the values of flags. @module */

import { InvalidArgumentError } from "commander";

/** Names with commas between them; at least one. */
export function list(value: string): string[] {
  const found = value.split(",").map((part) => part.trim()).filter(Boolean);
  if (found.length > 0) return found;
  throw new InvalidArgumentError("it is empty");
}

/** Like {@linkcode list}, of these names. */
export function some(names: readonly string[]) {
  return (value: string): string[] =>
    list(value).map((name) => {
      if (names.includes(name)) return name;
      throw new InvalidArgumentError(`"${name}" is not one of ${names.join(", ")}`);
    });
}

/** A results file: the report and the crops are named after it. */
export function json(value: string): string {
  if (/.\.json$/.test(value)) return value;
  throw new InvalidArgumentError("it must end in .json");
}

/** A whole number from 1. */
export function positive(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("it must be a positive integer");
}

/** Whole numbers with commas between them. */
export function numbers(value: string): number[] {
  return list(value).map(positive);
}

/** Scales of the noise with commas between them, each once. */
export function temperatures(value: string): number[] {
  const found = list(value).map(Number);
  if (found.every((number) => number >= 0 && number < Infinity)) return [...new Set(found)];
  throw new InvalidArgumentError("they must be numbers from 0");
}

/** Two words with a separator between them, added to those that were given before. */
export function addPair(separator: string) {
  return (value: string, before: [string, string][]): [string, string][] => {
    const [first, ...rest] = value.split(separator);
    if (first && rest.length > 0 && rest[0]) return [...before, [first, rest.join(separator)]];
    throw new InvalidArgumentError(`it must be two parts with "${separator}" between them`);
  };
}
