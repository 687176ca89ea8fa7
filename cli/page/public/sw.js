/**
 * Keeps the page, the models it has used and the runtime for offline use, and adds the two headers
 * that let WebAssembly use threads where a static host cannot send them.
 */
const CACHE = "srzoo-page-1";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const own = new URL(request.url).origin === self.location.origin;
  if (request.method === "GET" && own) event.respondWith(answer(request));
});

/** Hashed files and weights never change; everything else is fetched first. */
async function answer(request) {
  const cache = await caches.open(CACHE).catch(() => undefined);
  const lasting = /\/assets\/|\.onnx$|\.wasm$/.test(new URL(request.url).pathname);
  const kept = await cache?.match(request, { ignoreSearch: true });
  if (kept && lasting) return isolated(kept);
  try {
    const response = await fetch(request);
    if (response.ok) await cache?.put(request, response.clone()).catch(() => {});
    return isolated(response);
  } catch (error) {
    if (kept) return isolated(kept);
    throw error;
  }
}

function isolated(response) {
  if (response.status === 0 || !response.body) return response;
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  return new Response(response.body, { status: response.status, headers });
}
