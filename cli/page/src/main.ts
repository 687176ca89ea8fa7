/** Defines the page's elements, once the service worker is in control. @module */

import { App } from "./elements/app.ts";
import { Area } from "./elements/area.ts";
import { Compare } from "./elements/compare.ts";
import { Controls } from "./elements/controls.ts";
import { Picker } from "./elements/picker.ts";
import { Samples } from "./elements/samples.ts";
import { Status } from "./elements/status.ts";
import { comeUnderWorker } from "./offline.ts";

await comeUnderWorker();

customElements.define("sr-picker", Picker);
customElements.define("sr-area", Area);
customElements.define("sr-compare", Compare);
customElements.define("sr-controls", Controls);
customElements.define("sr-samples", Samples);
customElements.define("sr-status", Status);
customElements.define("sr-app", App);
