/**
 * Keeps the page and the runtime for visits without a network, and adds the two headers that let
 * WebAssembly use threads where a static host does not send them. Weights are kept by the library.
 */
const CACHE = `srzoo page ${new URL(self.registration.scope).pathname}`;

/** Files that every visit may need; the build fills them in. */
const PATHS = [/* PATHS */];
/** The folder of the runtime, of which a visit uses a part. */
const RUNTIME = "/* RUNTIME */";

/** Files that never change, since their path has a hash or a version. */
const isLasting = ({ pathname }) => /\/(assets|ort-[^/]+)\//.test(pathname);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  // A page that was loaded without this worker asks to be controlled; an idle page asks to be kept.
  if (event.data === "claim") event.waitUntil(self.clients.claim());
  if (event.data === "keep") event.waitUntil(keepPage().catch(() => {}));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const isOwn = url.origin === self.location.origin && !/\.(onnx|safetensors)$/.test(url.pathname);
  if (request.method === "GET" && isOwn) event.respondWith(answer(event, url));
});

/** What never changes comes from the cache; everything else from the network while there is one. */
async function answer(event, url) {
  const { request } = event;
  const cache = await caches.open(CACHE).catch(() => undefined);
  const kept = await cache?.match(request, { ignoreSearch: true });
  if (kept && isLasting(url)) return isolated(kept);
  try {
    const response = await fetch(request);
    // Where storage is full or the network breaks off, nothing is kept.
    if (response.ok) event.waitUntil(cache?.put(request, response.clone()).catch(() => {}));
    return isolated(response);
  } catch (error) {
    if (kept) return isolated(kept);
    throw error;
  }
}

/** Keeps the files of this version of the page, and drops those of earlier ones. */
async function keepPage() {
  const cache = await caches.open(CACHE);
  const own = PATHS.map((path) => new URL(path, self.registration.scope).href);
  const runtime = new URL(RUNTIME, self.registration.scope).href;
  for (const { url } of await cache.keys()) {
    const isOld = isLasting(new URL(url)) && !own.includes(url) && !url.startsWith(runtime);
    if (isOld) await cache.delete(url);
  }
  for (const url of own) {
    if (!await cache.match(url)) await cache.add(url);
  }
}

function isolated(response) {
  if (response.status === 0 || !response.body) return response;
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  return new Response(response.body, { status: response.status, headers });
}
