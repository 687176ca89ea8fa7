/** The browser that the tests use. @module */

export { browserPath } from "../tools/browser.ts";
