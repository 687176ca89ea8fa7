/**
 * Builds the page and serves it, or writes it as plain files for any static host:
 *
 *     deno task demo [--port 8137]
 *     deno task demo --build DIR
 *
 * @module
 */

import { Command } from "commander";
import { wholeWithin } from "./values.ts";

/** Content types by file extension. */
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

/** Serves the files of a folder with the headers that WebAssembly threads need. */
export async function answer(request: Request, folder: URL): Promise<Response> {
  const { pathname } = new URL(request.url);
  const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
  const file = new URL(`.${decodeURIComponent(path)}`, folder);
  const headers = {
    "content-type": TYPES[path.split(".").at(-1)!] ?? "application/octet-stream",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cache-control": /^\/(assets|ort-[^/]+)\//.test(path)
      ? "max-age=31536000, immutable"
      : "no-cache",
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
  const { port, build } = new Command("demo")
    .description("Serves a page that enlarges photographs in the browser.")
    .option("--port <n>", "port to listen on; 0 takes a free one", wholeWithin(0, 65535), 8137)
    .option("--build <dir>", "write plain files for a static host instead")
    .parse(Deno.args, { from: "user" })
    .opts<{ port: number; build?: string }>();
  const buildPage = await builder();
  if (build !== undefined) {
    await buildPage(build).catch((cause) => {
      throw new Error(`Cannot write the page into ${build}: ${cause.message}`, { cause });
    });
    return console.log(`${build} can be copied to any static host`);
  }
  const folder = await Deno.makeTempDir({ prefix: "srzoo-page-" });
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => ended.abort());
  }
  try {
    await serve(folder, { port, signal: ended.signal, buildPage });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

type Build = (folder: string) => Promise<void>;

/** Imports the builder of the page, whose packages the other programs do not have. */
async function builder(): Promise<Build> {
  try {
    return (await import("./page/build.ts")).buildPage;
  } catch (cause) {
    const [why] = (cause as Error).message.split("\n");
    throw new Error(`Cannot build the page: ${why}. Run it as "deno task demo"`, { cause });
  }
}

/** Builds the page into a folder and serves it until the signal. */
async function serve(
  folder: string,
  { port, signal, buildPage }: { port: number; signal: AbortSignal; buildPage: Build },
): Promise<void> {
  const built = Promise.withResolvers<void>();
  const root = new URL(`file://${folder}/`);
  // Take the port first: if it is in use, nobody waits for the build.
  const server = listen(port, signal, async (request) => {
    await built.promise;
    return await answer(request, root);
  });
  await buildPage(folder);
  built.resolve();
  console.log(`http://127.0.0.1:${server.addr.port}/`);
  await server.finished;
}

function listen(port: number, signal: AbortSignal, handler: Deno.ServeHandler) {
  try {
    return Deno.serve({ port, hostname: "127.0.0.1", onListen() {}, signal }, handler);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new Error(
      `Cannot serve the page: port ${port} is in use. Give another by --port, or 0 for a free one`,
      { cause },
    );
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
