import { expect } from "expect";

const root = new URL("../", import.meta.url);

/** A regular expression literal, after characters that an expression can follow. */
const LITERAL =
  /(?<=[(,=:[?!&|]\s*|return )\/(?![*/])((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuy]*)/g;

/** Every regular expression of the library and the command line, with its place. */
async function* expressions(folder: URL): AsyncGenerator<[string, RegExp]> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const url = new URL(name + (isDirectory ? "/" : ""), folder);
    if (isDirectory) yield* expressions(url);
    else if (name.endsWith(".ts")) {
      const text = (await Deno.readTextFile(url)).replace(/^\s*(?:\*|\/\/|\/\*\*).*$/gm, "");
      for (const [, source, flags] of text.matchAll(LITERAL)) {
        yield [`${url.href.slice(root.href.length)}: /${source}/`, new RegExp(source, flags)];
      }
    }
  }
}

/** Pieces of text that are repeated. */
const PUMPS = [
  ...[" ", "\n", "\t", "a", "A", "0", "/", "\\", ".", "-", "+", ":", "<", "<!---->", '"', "'"],
  ...["(", "aA0", ": a '", "\n ", "a.", "0.", "x/", "=", ",", "---\n", "é"],
];

function took(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

Deno.test("no regular expression of the library takes quadratic time", async () => {
  const length = 20_000;
  const once = () => took(() => "a".repeat(length).replace(/./g, "b"));
  const limit = 50 * Math.min(once(), once(), once()) + 5;
  const slow: string[] = [];
  let count = 0;
  for (const folder of ["lib/", "cli/"]) {
    for await (const [name, expression] of expressions(new URL(folder, root))) {
      count++;
      for (const pump of PUMPS) {
        const text = pump.repeat(length / pump.length);
        // The first ending makes matches that run through the text fail at the end; the second lets some succeed.
        for (const whole of [`x${text}\u0000\n`, `${text} \n→ at x`]) {
          const run = () => whole.replace(expression, "");
          // The machine may be busy: a slow expression must be slow three times.
          if (took(run) > limit && took(run) > limit && took(run) > limit) {
            slow.push(`${name} on ${JSON.stringify(pump)}`);
          }
        }
      }
    }
  }
  expect(count).toBeGreaterThan(40);
  expect(slow).toEqual([]);
});
