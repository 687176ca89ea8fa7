/** The browser that shows the page. @module */

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of Chromium: that in SRZOO_BROWSER, or where systems install it; undefined if there is none. */
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
