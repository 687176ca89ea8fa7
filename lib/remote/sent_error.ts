/** Errors on their way to another thread, where they are made again with their classes. @module */

import { CallError, TimeoutError } from "../calls.ts";
import {
  DecodeError,
  IntegrityError,
  ManifestError,
  ModelNotFoundError,
  ProviderError,
  UnsupportedError,
} from "../errors.ts";
import { LostError } from "../runtime/host.ts";
import { OutputError } from "../runtime/outputs.ts";
import { RequestError } from "../zoo/http.ts";

/** A class of errors; its constructor makes the message, and is not called. */
type ErrorClass = { new (...args: never[]): Error; readonly prototype: Error };

/**
 * Classes that are kept, those that extend another one before it; an error of another class becomes one of the nearest
 * class that it extends. Their names stand here, since bundlers give classes others.
 */
const CLASSES: Readonly<Record<string, ErrorClass>> = {
  ManifestError,
  ModelNotFoundError,
  IntegrityError,
  ProviderError,
  DecodeError,
  UnsupportedError,
  RequestError,
  TimeoutError,
  CallError,
  OutputError,
  LostError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  DOMException,
  Error,
};

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
  /** What else it says, such as `path` or `tried`. */
  fields: Readonly<Record<string, unknown>>;
  /** Its cause. */
  cause?: SentError;
};

/** Turns an error into data. */
export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { thrown: canSend(error) ? error : String(error) };
  const kind = Object.keys(CLASSES).find((name) => error instanceof CLASSES[name]) ?? "Error";
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
  const error: Error = Reflect.construct(Error, [message, why], CLASSES[kind]);
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
