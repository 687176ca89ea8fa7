/// <reference types="./env.d.ts" />
/** The page's elements, and the worker that keeps it for offline use. @module */

import { App } from "./elements/app.ts";
import { Area } from "./elements/area.ts";
import { Compare } from "./elements/compare.ts";
import { Controls } from "./elements/controls.ts";
import { Picker } from "./elements/picker.ts";
import { Status } from "./elements/status.ts";

customElements.define("sr-picker", Picker);
customElements.define("sr-area", Area);
customElements.define("sr-compare", Compare);
customElements.define("sr-controls", Controls);
customElements.define("sr-status", Status);
customElements.define("sr-app", App);

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  navigator.serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).catch((error) => {
    console.info(`This page cannot be used offline: ${error.message}`);
  });
}
