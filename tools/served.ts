/** Serves folders to a browser on this machine. @module */

import { answer } from "../cli/demo.ts";

/** A server that stops when it is disposed of. */
export interface Served extends AsyncDisposable {
  /** Address of the folder, with a slash at its end. */
  readonly url: string;
}

/** Serves the files of a folder as `deno task demo` does, on a free port. */
export function serveFolder(folder: string): Served {
  const root = new URL(`file://${folder.replace(/\/$/, "")}/`);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => answer(request, root),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
