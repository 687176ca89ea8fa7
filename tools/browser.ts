/** Finds the Chromium that opens the page. @module */

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of Chromium: `SRZOO_BROWSER`, or the first usual path that exists; undefined if there is none. */
export const browserPath: string | undefined = [
  Deno.env.get("SRZOO_BROWSER"),
  ...BROWSERS,
].find((path) => {
  try {
    return path && Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});
