import { expect } from "expect";
import * as core from "../../mod.ts";
import * as own from "../../lib/errors.ts";
import { receiveError, sendError } from "../../lib/remote/sent_error.ts";
import { RequestError } from "../../lib/zoo/http.ts";

/** One error of each class. */
const errors: readonly Error[] = [
  new own.ManifestError("zoo/a#graphs", "it is empty"),
  new own.ModelNotFoundError("srdif", ["srdiff", "sr3"]),
  new own.IntegrityError("a.onnx", "00", "ff"),
  new own.ProviderError([{ provider: "wasm", reason: "it is old" }]),
  new own.DecodeError("broken", { cause: new RangeError("out", { cause: "text" }) }),
  new own.UnsupportedError("not here"),
  new EvalError("a"),
  new RangeError("b"),
  new ReferenceError("c"),
  new SyntaxError("d"),
  new TypeError("e"),
  new URIError("f"),
  new DOMException("stopped", "AbortError"),
  Object.assign(new Error("no file"), { code: "ENOENT", path: "a.png" }),
];

/** Everything to compare of an error. */
function told(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack } = error;
  const { constructor } = error;
  return { constructor, name, message, stack, fields: { ...error }, cause: told(error.cause) };
}

const sent = (error: unknown) => receiveError(structuredClone(sendError(error)));

for (const error of errors) {
  Deno.test(`sendError() keeps a ${error.constructor.name}`, () => {
    const again = sent(error) as Error;
    // The stack of a DOMException cannot be set.
    const stack = error instanceof DOMException ? { stack: undefined } : {};
    expect({ ...told(again) as object, ...stack }).toEqual({ ...told(error) as object, ...stack });
    expect(again).toBeInstanceOf(error.constructor);
  });
}

Deno.test("sendError() keeps all classes of errors that the library exports", () => {
  const classes = Object.entries({ ...core, ...own })
    .filter(([, value]) => Object.getPrototypeOf(value) === Error)
    .map(([name]) => name);
  expect(classes.length).toBeGreaterThan(5);
  const tried = errors.map(({ constructor }) => constructor.name);
  expect(classes.filter((name) => !tried.includes(name))).toEqual([]);
});

Deno.test("sendError() turns an error of an unknown class into one of the class it extends", () => {
  class Strange extends RangeError {
    readonly how = () => "a function cannot be sent";
    override name = "Strange";
  }
  const again = sent(new Strange("odd")) as Error;
  expect([again.constructor, again.name, again.message]).toEqual([RangeError, "Strange", "odd"]);
  expect(again).not.toHaveProperty("how");
  const refused = sent(new RequestError("refused", true, { status: 503, retryAfter: 9 }));
  expect(refused).toMatchObject({
    ...{ name: "RequestError", message: "refused", isTemporary: true, status: 503, retryAfter: 9 },
  });
  expect([sent("text"), sent(undefined), sent(Symbol("x"))]).toEqual([
    "text",
    undefined,
    "Symbol(x)",
  ]);
});
