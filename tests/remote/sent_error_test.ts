import { expect } from "expect";
import { CallError, TimeoutError } from "../../lib/calls.ts";
import * as own from "../../lib/errors.ts";
import { LostError } from "../../lib/runtime/host.ts";
import { OutputError } from "../../lib/runtime/outputs.ts";
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
  new RequestError("refused", true, { status: 503, retryAfter: 9 }),
  new TimeoutError("late"),
  new CallError({ kind: "failed", name: "TypeError", reason: "wrong" }),
  new OutputError("flat"),
  new LostError("gone"),
  new EvalError("a"),
  new RangeError("b"),
  new ReferenceError("c"),
  new SyntaxError("d"),
  new TypeError("e"),
  new URIError("f"),
  new DOMException("stopped", "AbortError"),
  Object.assign(new Error("no file"), { code: "ENOENT", path: "a.png" }),
];

/** All that is known of an error. */
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
    // A DOMException gets no stack of another place.
    const stack = error instanceof DOMException ? { stack: undefined } : {};
    expect({ ...told(again) as object, ...stack }).toEqual({ ...told(error) as object, ...stack });
    expect(again).toBeInstanceOf(error.constructor);
  });
}

Deno.test("sendError() keeps all classes of errors that the library has", async () => {
  const classes: string[] = [];
  const visit = async (folder: URL) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await visit(new URL(`${name}/`, folder));
      else if (name.endsWith(".ts")) {
        const text = await Deno.readTextFile(new URL(name, folder));
        const found = text.matchAll(/^export class (\w+) extends \w*(Error|Exception)\b/gm);
        classes.push(...[...found].map(([, name]) => name));
      }
    }
  };
  await visit(new URL("../../lib/", import.meta.url));
  expect(classes.length).toBeGreaterThan(10);
  const tried = errors.map(({ constructor }) => constructor.name);
  expect(classes.filter((name) => !tried.includes(name))).toEqual([]);
});

Deno.test("sendError() makes an error of an unknown class one of the class it extends", () => {
  class Strange extends RangeError {
    readonly how = () => "a function cannot be sent";
    override name = "Strange";
  }
  const again = sent(new Strange("odd")) as Error;
  expect([again.constructor, again.name, again.message]).toEqual([RangeError, "Strange", "odd"]);
  expect(again).not.toHaveProperty("how");
  expect([sent("text"), sent(undefined), sent(Symbol("x"))]).toEqual([
    "text",
    undefined,
    "Symbol(x)",
  ]);
});
