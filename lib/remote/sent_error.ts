/** Errors on their way to another thread, where they are made again with their classes. @module */

import {
  DecodeError,
  IntegrityError,
  ManifestError,
  ModelNotFoundError,
  ProviderError,
  UnsupportedError,
} from "../errors.ts";

/** A class of errors; its constructor makes the message, and is not called. */
type ErrorClass = { new (...args: never[]): Error; readonly prototype: Error };

/** Classes of the library that are kept: those that a caller may catch. Their names are given, since bundlers rename classes. */
const CLASSES: Readonly<Record<string, ErrorClass>> = {
  ManifestError,
  ModelNotFoundError,
  IntegrityError,
  ProviderError,
  DecodeError,
  UnsupportedError,
};

/** Classes of the language and of the platform that are kept; all extend the last one. */
const BUILT_IN = [
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "DOMException",
  "Error",
];

function classOf(kind: string): ErrorClass {
  return CLASSES[kind] ?? globalThis[kind as "Error"];
}

/** An error, or whatever else was thrown, as plain data. */
export type SentError = { thrown: unknown } | {
  /** Name of its class in the table. */
  kind: string;
  /** Its name, which need not be that of the class. */
  name: string;
  /** Its message. */
  message: string;
  /** Where it was made. */
  stack?: string;
  /** Its other properties, such as `path` or `tried`. */
  fields: Readonly<Record<string, unknown>>;
  /** Its cause. */
  cause?: SentError;
};

/** Turns an error into data; one of a class that is not kept becomes one of the nearest class that it extends. */
export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { thrown: canSend(error) ? error : String(error) };
  const kinds = [...Object.keys(CLASSES), ...BUILT_IN];
  const kind = kinds.find((name) => error instanceof classOf(name)) ?? "Error";
  const { name, message, stack, cause } = error;
  const said = Object.entries(error).filter(([, value]) => canSend(value));
  const fields = Object.fromEntries(said);
  return {
    ...{ kind, name, message, stack, fields },
    ...cause === undefined ? {} : { cause: sendError(cause) },
  };
}

/** Makes the error of the data. */
export function receiveError(sent: SentError): unknown {
  if ("thrown" in sent) return sent.thrown;
  const { kind, name, message, stack, fields, cause } = sent;
  if (kind === "DOMException") return new DOMException(message, name);
  const why = cause === undefined ? undefined : { cause: receiveError(cause) };
  // Its own constructor would make another message of this one.
  const error: Error = Reflect.construct(Error, [message, why], classOf(kind));
  Object.assign(error, fields);
  if (error.name !== name) error.name = name;
  if (stack) Object.defineProperty(error, "stack", { value: stack, configurable: true });
  return error;
}

function canSend(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
