/** A local server of zoo entries. @module */

import { join } from "node:path";

/** A server that stops when it is disposed. */
export interface EntryServer extends AsyncDisposable {
  /** Its address, without a trailing slash. */
  readonly url: string;
  /** Paths of the requests so far. */
  readonly paths: readonly string[];
}

/**
 * Serves the files of a folder, also at the paths of the Hugging Face Hub: the folder NAME is the
 * repository `OWNER/NAME`, at every revision.
 */
export function serveEntries(folder: string): EntryServer {
  const paths: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    paths.push(pathname);
    const path = pathname.replace(/^\/OWNER\/([^/]+)\/resolve\/[^/]+/, "/$1");
    const bytes = await Deno.readFile(join(folder, path)).catch(() => undefined);
    return bytes ? new Response(bytes) : new Response("none", { status: 404 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    paths,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
