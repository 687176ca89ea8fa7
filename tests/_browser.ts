/** The browser of the tests. @module */

export { browserPath } from "../tools/browser.ts";
