/**
 * Builds the page and serves it, or writes it as plain files for any static host:
 *
 *     deno task demo [--port 8137]
 *     deno task demo --build DIR [--base /path/]
 *
 * @module
 */

import { parseArgs } from "node:util";
import { buildPage } from "./page/build.ts";

const HELP = `Serves a page that enlarges photographs in the browser.

  --port N      where to listen (8137; 0 takes a free one)
  --build DIR   write plain files for a static host instead
  --base PATH   where the static host serves them (/)
  --help        this text`;

/** What a file of the page is, by the end of its name. */
const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  yml: "text/yaml; charset=utf-8",
  wasm: "application/wasm",
  png: "image/png",
};

/** Answers with the files of a folder and the headers that WebAssembly threads need. */
export async function answer(request: Request, folder: URL): Promise<Response> {
  const { pathname } = new URL(request.url);
  const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
  const file = new URL(`.${decodeURIComponent(path)}`, folder);
  const headers = {
    "content-type": TYPES[path.split(".").at(-1)!] ?? "application/octet-stream",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cache-control": path.includes("/assets/") ? "max-age=31536000, immutable" : "no-cache",
  };
  if (!file.href.startsWith(folder.href)) return new Response("Not found", { status: 404 });
  try {
    const opened = await Deno.open(file);
    return new Response(opened.readable, { headers });
  } catch {
    return new Response("Not found", { status: 404 });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      port: { type: "string", default: "8137" },
      build: { type: "string" },
      base: { type: "string", default: "/" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return console.log(HELP);
  if (values.build !== undefined) {
    await buildPage(values.build, { base: values.base });
    return console.log(`${values.build} can be put on any static host`);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`Cannot listen on the port ${values.port}: it must be from 0 to 65535`);
  }
  const folder = await Deno.makeTempDir({ prefix: "srzoo-page-" });
  const clear = () => Deno.removeSync(folder, { recursive: true });
  await buildPage(folder);
  const root = new URL(`file://${folder}/`);
  const server = Deno.serve({
    port,
    hostname: "127.0.0.1",
    onListen: (address) => console.log(`http://127.0.0.1:${address.port}/`),
  }, (request) => answer(request, root));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => void server.shutdown());
  }
  await server.finished;
  clear();
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
