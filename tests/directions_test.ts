import { expect } from "expect";

/** What each path may import besides itself; the longest matching prefix applies. */
const ALLOWED: Record<string, readonly string[]> = {
  "lib/abortable.ts": [],
  "lib/errors.ts": [],
  "lib/bytes.ts": [],
  "lib/checks.ts": [],
  "lib/platform.ts": ["lib/errors.ts"],
  "lib/file_fault.ts": [],
  "lib/sha256.ts": [],
  "lib/thread.ts": ["lib/platform.ts"],
  "lib/calls.ts": ["lib/abortable.ts", "lib/platform.ts", "lib/thread.ts"],
  "lib/tensor/": ["lib/errors.ts", "lib/checks.ts"],
  "lib/onnx/": ["lib/errors.ts", "lib/bytes.ts"],
  "lib/runtime/": [
    "lib/errors.ts",
    "lib/checks.ts",
    "lib/platform.ts",
    "lib/sha256.ts",
    "lib/thread.ts",
    "lib/calls.ts",
    "lib/tensor/",
    "lib/onnx/",
  ],
  "lib/zoo/": [
    "lib/errors.ts",
    "lib/checks.ts",
    "lib/bytes.ts",
    "lib/file_fault.ts",
    "lib/platform.ts",
    "lib/sha256.ts",
    "lib/tensor/",
    "lib/diffusion/samplers/mod.ts",
  ],
  "lib/image/": [
    "lib/abortable.ts",
    "lib/errors.ts",
    "lib/checks.ts",
    "lib/bytes.ts",
    "lib/file_fault.ts",
    "lib/platform.ts",
    "lib/thread.ts",
    "lib/calls.ts",
    "lib/tensor/",
  ],
  "lib/diffusion/": ["lib/errors.ts", "lib/checks.ts", "lib/tensor/"],
  "lib/metrics/": [
    "lib/errors.ts",
    "lib/checks.ts",
    "lib/bytes.ts",
    "lib/tensor/",
    "lib/image/",
    "lib/onnx/",
    "lib/runtime/",
  ],
  "lib/models/": [
    "lib/errors.ts",
    "lib/tensor/",
    "lib/image/",
    "lib/diffusion/",
    "lib/runtime/session.ts",
    "lib/tiling.ts",
    "lib/zoo/card.ts",
  ],
  "lib/": ["lib/"],
  "mod.ts": ["lib/"],
  "cli/": ["mod.ts", "lib/"],
  "bench/": [
    "mod.ts",
    "lib/",
    "cli/zoo/figures.ts",
    "cli/zoo/lpips.ts",
    "cli/events.ts",
    "tools/memory.ts",
    "tools/npz.ts",
  ],
  "train/": ["mod.ts", "lib/"],
  "tools/": ["mod.ts", "lib/", "cli/", "train/environment.ts"],
  "examples/": ["mod.ts"],
  "tests/": ["mod.ts", "lib/", "cli/", "bench/", "train/", "tools/"],
};

const root = new URL("../", import.meta.url);

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (entry.isDirectory) yield* sources(url);
    else if (entry.name.endsWith(".ts")) yield url;
  }
}

const pathOf = (url: URL) => url.href.slice(root.href.length);

function ruleOf(path: string): [string, readonly string[]] {
  const prefixes = Object.keys(ALLOWED).filter((prefix) => path.startsWith(prefix));
  const prefix = prefixes.sort((a, b) => b.length - a.length)[0];
  if (!prefix) throw new Error(`no rule says what ${path} may import`);
  return [prefix, ALLOWED[prefix]];
}

/** Project files that a source imports, as paths from the root. */
async function importsOf(file: URL): Promise<string[]> {
  const text = (await Deno.readTextFile(file)).replace(/\/\*[\s\S]*?\*\//g, "");
  const found = text.matchAll(/(?:from|import\(|^import)\s*"(\.{1,2}\/[^"]+\.ts)"/gm);
  return [...found].map((match) => pathOf(new URL(match[1], file)));
}

Deno.test("every import goes down the layers, never up or across", async () => {
  const broken: string[] = [];
  for await (const file of sources(root)) {
    const path = pathOf(file);
    const [prefix, allowed] = ruleOf(path);
    for (const target of await importsOf(file)) {
      const own = prefix.endsWith("/") && target.startsWith(prefix);
      if (!own && !allowed.some((place) => target.startsWith(place))) {
        broken.push(`${path} imports ${target}`);
      }
    }
  }
  expect(broken).toEqual([]);
});

Deno.test("a file with an underscore is imported by its own folder only", async () => {
  const broken: string[] = [];
  for await (const file of sources(root)) {
    for (const target of await importsOf(file)) {
      const folder = target.slice(0, target.lastIndexOf("/") + 1);
      const isPrivate = target.slice(folder.length).startsWith("_");
      if (isPrivate && !pathOf(file).startsWith(folder) && !pathOf(file).startsWith("tests/")) {
        broken.push(`${pathOf(file)} imports ${target}`);
      }
    }
  }
  expect(broken).toEqual([]);
});

/** The cycles of a graph: groups of files that all reach one another (Tarjan 1972). */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string) => {
    order.set(file, order.size);
    low.set(file, order.get(file)!);
    stack.push(file);
    for (const target of graph.get(file) ?? []) {
      if (!order.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file)!, low.get(target)!));
    }
    if (low.get(file) !== order.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1 || graph.get(file)?.includes(file)) circles.push(circle.sort());
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles;
}

Deno.test("circlesOf() finds the files that import each other, and no others", () => {
  const graph = { a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: [], f: ["f"] };
  expect(circlesOf(new Map(Object.entries(graph)))).toEqual([["a", "b", "c"], ["f"]]);
});

Deno.test("no files import each other in a cycle, not even types", async () => {
  const graph = new Map<string, string[]>();
  for await (const file of sources(root)) graph.set(pathOf(file), await importsOf(file));
  expect(circlesOf(graph)).toEqual([]);
});

Deno.test("only the files of the providers and of their workers import ONNX Runtime", async () => {
  const importers: string[] = [];
  for await (const file of sources(root)) {
    if (/import\("onnxruntime|from "onnxruntime/.test(await Deno.readTextFile(file))) {
      importers.push(pathOf(file));
    }
  }
  expect(importers.filter((path) => path.startsWith("lib/")).sort()).toEqual([
    "lib/library_worker.ts",
    "lib/runtime/ort_deno.ts",
    "lib/runtime/ort_node.ts",
    "lib/runtime/ort_web.ts",
    "lib/runtime/ort_webgpu.ts",
    "lib/web_worker.ts",
  ]);
});

Deno.test("no worker imports what starts it, even indirectly, since bundlers refuse such cycles", async () => {
  const workers = ["lib/library_worker.ts", "lib/web_worker.ts"];
  const reached = async (start: string) => {
    const paths = new Set([start]);
    for (const path of paths) {
      (await importsOf(new URL(path, root))).forEach((target) => paths.add(target));
    }
    return paths;
  };
  for (const worker of workers) {
    const paths = await reached(worker);
    expect(paths.size).toBeGreaterThan(10);
    expect(paths).not.toContain("lib/remote/library.ts");
  }
  expect(await reached("mod.ts")).toContain("lib/remote/library.ts");
});
