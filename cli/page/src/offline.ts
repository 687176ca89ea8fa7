/// <reference types="./env.d.ts" />
/** The service worker: it keeps the page for visits without a network, and isolates it on any host. @module */

/** Milliseconds that the page waits for the service worker before it works without. */
const PATIENCE = 3000;
/** Key by which this tab remembers that the page was reloaded to be isolated. */
const RELOADED = "srzoo reloaded";

/**
 * Puts the page under its service worker. If only that isolates the page, as threads of WebAssembly
 * require, the page is reloaded once. It also works in a browser that refuses either.
 */
export async function comeUnderWorker(): Promise<void> {
  const { serviceWorker } = navigator;
  if (!import.meta.env.PROD || !serviceWorker) return;
  try {
    await Promise.race([control(serviceWorker), patience()]);
  } catch (error) {
    console.info(`This page cannot be used offline: ${(error as Error).message}`);
  }
  if (globalThis.crossOriginIsolated || !serviceWorker.controller || !remember()) return;
  location.reload();
  await new Promise(() => {}); // the reloaded page does the rest
}

/** Tells the service worker to keep all files of the page. */
export function keepPage(): void {
  navigator.serviceWorker?.controller?.postMessage("keep");
}

async function control(container: ServiceWorkerContainer): Promise<void> {
  const controlled = new Promise((resolve) => {
    container.addEventListener("controllerchange", resolve, { once: true });
  });
  await container.register(`${import.meta.env.BASE_URL}sw.js`);
  if (container.controller) return;
  const { active } = await container.ready;
  active?.postMessage("claim");
  if (!container.controller) await controlled;
}

const patience = () => new Promise((resolve) => setTimeout(resolve, PATIENCE));

/** Remembers the reload; false if it has happened already or cannot be remembered. */
function remember(): boolean {
  try {
    if (sessionStorage.getItem(RELOADED)) return false;
    sessionStorage.setItem(RELOADED, "yes");
    return true;
  } catch {
    return false;
  }
}
