/** Checks of options, with error messages in one wording. @module */

/** Numbers that an option may have. */
export interface Bounds {
  /** The least. @default {0} */
  readonly from?: number;
  /** The largest; infinity is allowed only where this is infinite. */
  readonly to: number;
}

/**
 * Refuses anything but a whole number within bounds.
 *
 * @param name Its name in messages.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is another number.
 */
export function checkWhole(name: string, value: number, bounds: Bounds): void {
  const { from = 0, to } = bounds;
  if (Number.isInteger(value) && value >= from && value <= to) return;
  refuse(name, value, `a whole number${shownBounds(from, to)}`);
}

/**
 * Refuses anything but a number within bounds; NaN is refused.
 *
 * @param name Its name in messages.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is another number.
 */
export function checkNumber(name: string, value: number, bounds: Bounds): void {
  const { from = 0, to } = bounds;
  if (typeof value === "number" && value >= from && value <= to) return;
  refuse(name, value, `a number${shownBounds(from, to)}`);
}

/**
 * Refuses anything but a time; infinity means no limit.
 *
 * @param name Its name in messages.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is not greater than 0.
 */
export function checkTime(name: string, value: number): void {
  if (typeof value === "number" && value > 0) return;
  refuse(name, value, "a number of milliseconds over 0");
}

/**
 * Refuses anything but true and false.
 *
 * @param name Its name in messages.
 * @throws {TypeError} If it is anything else.
 */
export function checkFlag(name: string, value: boolean): void {
  if (typeof value !== "boolean") throw fault(TypeError, name, value, "true or false");
}

/**
 * Refuses anything but one of some words.
 *
 * @param name Its name in messages.
 * @throws {TypeError} If it is none of them; the message lists them.
 */
export function checkWord(name: string, value: string, words: readonly string[]): void {
  if (!words.includes(value)) throw fault(TypeError, name, value, words.join(" or "));
}

/**
 * Refuses anything but an object; null, strings and arrays are refused.
 *
 * @param name Its name in messages.
 * @param wanted Words for an allowed value.
 * @throws {TypeError} If it is not an object.
 */
export function checkObject(name: string, value: unknown, wanted = "an object"): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw fault(TypeError, name, value, wanted);
}

/** The names of all options; the compiler does not compare strings that are known only at run time. */
type NamesOf<Options, Name extends string> =
  & readonly Name[]
  & (string extends Name ? unknown
    : readonly (keyof Options)[] & Record<Exclude<keyof Options, Name>, unknown>);

/**
 * Refuses anything but an object, and options with unknown names; undefined options are ignored.
 *
 * @param known The names of all options; the compiler refuses a list that has others or lacks one.
 * @param why Says why an option cannot be used, if there is more to say than that it does not exist.
 * @throws {TypeError} If a name is unknown; the message lists the known ones.
 */
export function checkNames<Options extends object, const Name extends string>(
  options: Options,
  known: NamesOf<Options, Name>,
  why?: (name: string) => string | undefined,
): void {
  checkObject("options", options);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (known as readonly string[]).includes(name)) continue;
    throw new TypeError(
      `Cannot use the option "${name}": ${why?.(name) ?? "there is no such option"}. ` +
        `The options are ${known.join(", ")}`,
    );
  }
}

/**
 * Refuses anything but a function or undefined.
 *
 * @param name Its name in messages.
 * @throws {TypeError} If it is anything else.
 */
export function checkFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw fault(TypeError, name, value, "a function");
}

/**
 * Refuses anything but an AbortSignal or undefined.
 *
 * @param name Its name in messages.
 * @throws {TypeError} If it is anything else.
 */
export function checkSignal(name: string, value: unknown): void {
  // By its members: a signal of another window has another class.
  if (value === undefined) return;
  const { addEventListener, throwIfAborted } = Object(value);
  if (typeof addEventListener === "function" && typeof throwIfAborted === "function") return;
  throw fault(TypeError, name, value, "an AbortSignal");
}

function refuse(name: string, value: unknown, wanted: string): never {
  throw fault(typeof value === "number" ? RangeError : TypeError, name, value, wanted);
}

function fault(kind: ErrorConstructor, name: string, value: unknown, wanted: string): Error {
  return new kind(`Cannot use ${name} = ${shown(value)}: it must be ${wanted}`);
}

/** A short description of any value, in one line. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "object" && value !== null) {
    return `${Array.isArray(value) ? "an array" : "an object"}`;
  }
  return typeof value === "function" ? "a function" : String(value);
}

function shownBounds(from: number, to: number): string {
  if (to === Infinity) return ` from ${from}`;
  return ` from ${from} to ${to === Number.MAX_SAFE_INTEGER ? "2^53 - 1" : to}`;
}
