/** Parses values of flags. @module */

import { InvalidArgumentError } from "commander";

/** One share of a larger job: the inputs whose position is `index` modulo `count`. */
export interface Shard {
  /** From 0 to `count`; 0 and `count` are the same share. */
  index: number;
  /** Number of shares. */
  count: number;
}

/** A number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) {
    throw new InvalidArgumentError("It must be a number.");
  }
  return value;
}

/** A whole number, at least `least`. */
export function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to 2^53 - 1.`);
  };
}

/** A whole number from `least` to `most`. */
export function wholeWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** A number from `least` to `most`. */
export function numberWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };
}

/** A number from 0 to 1, or `auto`. */
export function restore(text: string): number | "auto" {
  return text === "auto" ? text : numberWithin(0, 1)(text);
}

/** One of these names. */
export function oneOf(...names: string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text;
    throw new InvalidArgumentError(`It must be one of ${names.join(", ")}.`);
  };
}

/** A format by name. */
export function format(text: string): string {
  const name = text.toLowerCase();
  return oneOf("png", "jpeg", "webp")(name === "jpg" ? "jpeg" : name);
}

const UNITS: Readonly<Record<string, number>> = { M: 1e6, G: 1e9, Mi: 2 ** 20, Gi: 2 ** 30 };

/** An amount of memory in bytes: 800MB, 4GB, 4GiB; a bare number is megabytes. */
export function bytes(text: string): number {
  const [, value, prefix = "M", binary = ""] = text.match(/^(\d+(?:\.\d+)?)\s*([MG])?(i)?B?$/i) ??
    [];
  if (value === undefined || Number(value) === 0) {
    throw new InvalidArgumentError("It must be a size such as 800MB or 4GB.");
  }
  return Number(value) * UNITS[prefix.toUpperCase() + binary.toLowerCase()];
}

/** A share, as i/n. */
export function shard(text: string): Shard {
  const [, index, count] = text.match(/^(\d+)\/(\d+)$/)?.map(Number) ?? [];
  if (count >= 1 && index <= count) return { index, count };
  throw new InvalidArgumentError("It must be i/n with i from 0 or 1 up to n, such as 2/8.");
}
