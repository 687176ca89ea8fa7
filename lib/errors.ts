/** The errors that a caller may want to catch by class. @module */

/** A `model.yml` or `index.yml` that breaks the schema. */
export class ManifestError extends Error {
  /** The place of the fault: a file or URL, with the path of the key after `#`. */
  readonly path: string;
  /** Makes the error of one manifest. */
  constructor(path: string, message: string, options?: ErrorOptions) {
    super(`Cannot use the model card ${path}: ${message}`, options);
    this.name = "ManifestError";
    this.path = path;
  }
}

/** No entry of the zoo has this id. */
export class ModelNotFoundError extends Error {
  /** The unknown id. */
  readonly id: string;
  /** The most similar ids, best first. */
  readonly near: readonly string[];
  /** Makes the error for one id, and names some of all ids if none is similar. */
  constructor(id: string, near: readonly string[], all: readonly string[] = []) {
    const some = all.slice(0, 20).join(", ");
    const hint = near.length > 0
      ? `did you mean ${near.join(" or ")}?`
      : some && `it has ${some}` || "it is empty";
    super(`Cannot find the model "${id}" in the zoo: ${hint}`);
    this.name = "ModelNotFoundError";
    this.id = id;
    this.near = near;
  }
}

/** A file whose bytes differ from what the model card says. */
export class IntegrityError extends Error {
  /** SHA-256 that the card states, in hex. */
  readonly expected: string;
  /** SHA-256 of the actual bytes, in hex. */
  readonly actual: string;
  /** Makes the error for one file. */
  constructor(file: string, expected: string, actual: string) {
    super(
      `Cannot trust ${file}: its SHA-256 is ${actual}, the model card says ${expected}. ` +
        `Remove the file and fetch it again, or correct the card`,
    );
    this.name = "IntegrityError";
    this.expected = expected;
    this.actual = actual;
  }
}

/** No execution provider could run the model. */
export class ProviderError extends Error {
  /** Each provider that was tried, with the reason of its failure. */
  readonly tried: readonly { provider: string; reason: string }[];
  /** Makes the error from what was tried. */
  constructor(tried: readonly { provider: string; reason: string }[]) {
    super(
      `Cannot run the model on any provider: ` +
        tried.map((t) => `${t.provider} (${t.reason})`).join("; "),
    );
    this.name = "ProviderError";
    this.tried = tried;
  }
}

/** Bytes that are not an image, or a broken one. */
export class DecodeError extends Error {
  /** Makes the error; the message says what could not be read and why. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DecodeError";
  }
}

/** A valid request that this build or this entry does not support. */
export class UnsupportedError extends Error {
  /** Makes the error; the message says what to do instead. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UnsupportedError";
  }
}

/** A message without its line breaks, in time linear in its length. */
export function oneLine(message: string): string {
  return message.split(/[\r\n]/).map((line) => line.trim()).filter(Boolean).join(" ");
}
