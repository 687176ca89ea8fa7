/** Places: paths and URLs. @module */

import { urlOfPath } from "../platform.ts";

/** The URL of a path or of a URL as text; paths are relative to the current folder. */
export function toUrl(source: string | URL): URL {
  if (source instanceof URL) return source;
  // Two letters at least: `C:\zoo` is a path.
  if (/^[a-z][a-z0-9+.-]+:/i.test(source)) return new URL(source);
  return urlOfPath(source);
}

/** The same place, written so that names resolve inside it. */
export function asFolder(url: URL): URL {
  if (url.pathname.endsWith("/")) return url;
  const folder = new URL(url);
  folder.pathname += "/";
  return folder;
}

/** A place as text for people: a path if it is one, and without a password. */
export function nameOf(url: URL): string {
  if (url.protocol !== "file:") {
    const shown = new URL(url);
    shown.username = shown.password = "";
    return shown.href;
  }
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    return url.pathname;
  }
}
