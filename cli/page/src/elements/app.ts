/// <reference types="../env.d.ts" />
/** The page: a photograph comes in, a larger one goes out. @module */

import { cropImage } from "../../../../lib/image/crop.ts";
import type { Image, Progress } from "../../../../mod.ts";
import { Engine } from "../engine.ts";
import { type Point, withContext } from "../area.ts";
import type { Entry, Made } from "../messages.ts";
import { Pace } from "../pace.ts";
import { canvasOf, inTime, inUnits, overlayOf } from "../pixels.ts";
import { commandOf, DEFAULTS, formatSettings, optionsOf, parseSettings } from "../settings.ts";
import type { Settings } from "../settings.ts";
import type { Compare, Layer, Mode } from "./compare.ts";
import type { Choice, Controls } from "./controls.ts";
import { LAYOUT } from "./layout.ts";
import type { Size } from "../viewport.ts";
import type { Status } from "./status.ts";

/** Pixels of the result over which the page warns, and shows the photograph stretched until the result is there. */
const LARGE = 64e6;
/** Longest side of what browsers draw, and most pixels. */
const LONGEST = 16384;
const MOST = 256e6;

/** What the page shows. */
interface Shown {
  source: Image;
  name: string;
  /** The photograph as any program would enlarge it. */
  before: HTMLCanvasElement;
  results: HTMLCanvasElement[];
  images: readonly Image[];
  chosen: number;
  overlay?: HTMLCanvasElement;
}

/** `<sr-app>`. */
export class App extends HTMLElement {
  #engine = new Engine();
  #entry?: Entry;
  #settings: Settings = DEFAULTS;
  #shown?: Shown;
  #running?: AbortController;
  #pace = new Pace();
  /** Files that were given so far. */
  #taken = 0;

  async connectedCallback(): Promise<void> {
    this.innerHTML = LAYOUT;
    this.#settings = parseSettings(location.hash);
    const listed = await fetch(`${import.meta.env.BASE_URL}entries.json`);
    const choices = await listed.json() as Choice[];
    if (!choices.some(({ id }) => id === this.#settings.model)) {
      this.#settings = { ...this.#settings, model: choices[0].id };
    }
    this.#controls.show(choices, this.#settings);
    this.#listen();
    await this.#open();
  }

  get #controls(): Controls {
    return this.querySelector("sr-controls")!;
  }

  get #compare(): Compare {
    return this.querySelector("sr-compare")!;
  }

  get #status(): Status {
    return this.querySelector("sr-status")!;
  }

  #part<Kind extends HTMLElement>(selector: string): Kind {
    return this.querySelector<Kind>(selector)!;
  }

  #listen(): void {
    this.#controls.addEventListener("settings", (event) => {
      const before = this.#settings.model;
      this.#settings = (event as CustomEvent<Settings>).detail;
      history.replaceState(null, "", `#${formatSettings(this.#settings)}`);
      void (this.#settings.model === before ? this.#estimate() : this.#open());
    });
    this.#part("sr-picker").addEventListener(
      "pick",
      (event) => void this.#take((event as CustomEvent<File>).detail),
    );
    this.#part(".run").addEventListener("click", () => void this.#runWhole());
    this.#part(".trial").addEventListener("click", () => {
      if (this.#compare.selecting) void this.#runArea();
      else this.#select(true);
    });
    this.#part(".select").addEventListener("click", () => this.#select(!this.#compare.selecting));
    this.#compare.addEventListener("areachange", () => void this.#estimate());
    this.#compare.addEventListener("areaenter", () => void this.#runArea());
    this.#compare.addEventListener("arealeave", () => this.#select(false));
    this.#part(".cancel").addEventListener("click", () => this.#running?.abort());
    this.#part(".other").addEventListener("click", () => this.#reset());
    this.#part(".download").addEventListener("click", () => void this.#save());
    this.#part(".copy").addEventListener("click", () => void this.#copy());
    this.#part(".command").addEventListener("click", () => void this.#copyCommand());
    this.#part(".uncertain input").addEventListener("change", () => void this.#showOverlay());
    for (const button of this.querySelectorAll<HTMLButtonElement>("[data-mode]")) {
      button.addEventListener("click", () => this.#compare.mode = button.dataset.mode as Mode);
    }
    this.#compare.addEventListener("modechange", () => {
      for (const button of this.querySelectorAll<HTMLButtonElement>("[data-mode]")) {
        button.setAttribute("aria-pressed", `${button.dataset.mode === this.#compare.mode}`);
      }
    });
    const zooms: Record<string, () => void> = {
      out: () => this.#compare.zoomBy(1 / 1.5),
      in: () => this.#compare.zoomBy(1.5),
      fit: () => this.#compare.fit(),
      actual: () => this.#compare.actual(),
    };
    for (const button of this.querySelectorAll<HTMLButtonElement>("[data-zoom]")) {
      button.addEventListener("click", zooms[button.dataset.zoom!]);
    }
    document.addEventListener("keydown", (event) => {
      const typing = event.target instanceof Element &&
        event.target.closest("input, select, button");
      if (event.key === "Escape") this.#running?.abort();
      else if (
        !typing && this.#ready && event.key.toLowerCase() === "s" && !event.ctrlKey &&
        !event.metaKey
      ) {
        this.#select(!this.#compare.selecting);
      } else if (!typing && this.#shown && !event.ctrlKey && !event.metaKey && !event.altKey) {
        if (this.#compare.pressKey(event.key)) event.preventDefault();
      }
    });
  }

  async #open(): Promise<void> {
    const { model } = this.#settings;
    this.#running?.abort();
    this.#entry = undefined;
    this.#enable();
    this.#status.work(`Loading ${model} ...`);
    try {
      const entry = await this.#engine.open(model);
      if (model !== this.#settings.model) return;
      this.#entry = entry;
      this.#controls.fit(entry);
      this.#badge(entry);
      this.#status.rest(this.#shown ? "" : "Ready.");
      if (this.#shown) await this.#prepare(this.#shown.source, this.#shown.name);
      this.#enable();
      await this.#estimate();
    } catch (error) {
      this.#status.fail(messageOf(error));
    }
  }

  #badge({ id, provider, tried, licence }: Entry): void {
    const badge = this.#part(".badge");
    badge.hidden = false;
    badge.querySelector("summary")!.textContent = provider === "webgpu"
      ? "GPU"
      : provider === "none"
      ? "No network"
      : "CPU";
    badge.querySelector("p")!.textContent = [
      `${id} runs on ${provider}.`,
      ...tried.map(({ provider, reason }) => `Not on ${provider}: ${reason}.`),
      `Its weights are under ${licence}.`,
    ].join(" ");
  }

  /** Reads a file and shows it at once. */
  async #take(file: File): Promise<void> {
    this.#running?.abort();
    const turn = ++this.#taken;
    this.#status.work(`Reading ${file.name} ...`);
    try {
      const image = await this.#engine.decode(file);
      // A file that was given later may have been read sooner.
      if (turn !== this.#taken) return;
      await this.#prepare(image, file.name);
      this.#status.rest("");
      this.#enable();
      await this.#estimate();
    } catch (error) {
      if (turn === this.#taken) this.#status.fail(messageOf(error));
    }
  }

  /** Shows a photograph, enlarged by bicubic interpolation. */
  async #prepare(source: Image, name: string): Promise<void> {
    if (!fits(source)) {
      throw new Error(
        `Cannot show a photograph of ${source.width} × ${source.height}: browsers draw at most ` +
          `${LONGEST} pixels a side and ${
            MOST / 1e6
          } million in all. Cut it, or use the command line`,
      );
    }
    const scale = this.#entry?.scale ?? 4;
    const size = { width: source.width * scale, height: source.height * scale };
    const isSmall = fits(size) && size.width * size.height <= LARGE;
    const before = canvasOf(isSmall ? await this.#engine.enlarge(source, scale) : source);
    this.#shown = { source, name, before, results: [], images: [], chosen: 0 };
    this.#part("sr-picker").hidden = true;
    this.#compare.hidden = false;
    this.#part(".tools").hidden = false;
    this.#compare.area.image = source;
    this.#select(false);
    this.#compare.open(size, before);
    this.#part(".samples-grid").hidden = true;
    this.#part(".save").hidden = true;
    this.#part(".uncertain").hidden = true;
  }

  #reset(): void {
    this.#running?.abort();
    this.#shown = undefined;
    this.#part("sr-picker").hidden = false;
    this.#compare.hidden = true;
    for (const part of [".tools", ".samples-grid", ".save"]) this.#part(part).hidden = true;
    this.#part(".cost").textContent = "";
    this.#status.rest("Ready.");
    this.#enable();
  }

  /** Whether a run can begin. */
  get #ready(): boolean {
    return Boolean(this.#entry && this.#shown && !this.#running);
  }

  /** Whether a browser can hold and draw the whole result. */
  get #fits(): boolean {
    const { scale = 4 } = this.#entry ?? {};
    const { width, height } = this.#shown!.source;
    return fits({ width: width * scale, height: height * scale });
  }

  #enable(): void {
    const { selecting } = this.#compare;
    const [run, trial] = [".run", ".trial"].map((name) => this.#part<HTMLButtonElement>(name));
    trial.disabled = !this.#ready;
    run.disabled = !this.#ready || !this.#fits;
    run.textContent = selecting ? "Enlarge all" : "Enlarge";
    trial.textContent = selecting ? "Enlarge area" : "Try an area";
    trial.classList.toggle("primary", selecting);
    run.classList.toggle("primary", !selecting);
    const running = Boolean(this.#running);
    for (const button of [run, trial]) button.hidden = running;
    this.#part(".cancel").hidden = !running;
    this.#part(".select").setAttribute("aria-pressed", `${selecting}`);
    this.#part<HTMLButtonElement>(".select").disabled = !this.#ready;
  }

  /** Shows the rectangle of the area that is enlarged first, or hides it. */
  #select(wanted: boolean): void {
    if (wanted && !this.#ready) return;
    this.#compare.selecting = wanted;
    this.#enable();
    void this.#estimate();
  }

  /** Shows what the run will take, before it begins. */
  async #estimate(): Promise<void> {
    if (!this.#shown || !this.#entry) return;
    const { rect } = this.#compare.area;
    const { width, height } = rect ?? this.#shown.source;
    try {
      const options = optionsOf(this.#settings, this.#entry);
      const cost = await this.#engine.plan(width, height, options);
      const seconds = this.#pace.seconds(this.#entry, options, { width, height });
      this.#part(".cost").textContent = [
        `${rect ? "The area of " : ""}${width} × ${height} becomes ${cost.width} × ${cost.height}`,
        seconds === undefined ? "the first run tells the time" : `about ${inTime(seconds)}`,
        `${inUnits(cost.memory)} of memory`,
        ...cost.warnings,
        ...this.#fits
          ? []
          : ["the whole is too large for a browser: try an area, or use the command line"],
      ].join(" · ");
      this.#part(".cost").classList.toggle(
        "large",
        cost.width * cost.height > LARGE || !this.#fits,
      );
    } catch (error) {
      this.#part(".cost").textContent = "";
      this.#status.fail(messageOf(error));
    }
  }

  async #runWhole(): Promise<void> {
    const { source, before } = this.#shown!;
    this.#select(false);
    // What a preview does not have yet is transparent.
    const preview = (image: Image) => {
      this.#compare.result = [{ image: before }, { image: canvasOf(image) }];
    };
    const made = await this.#run(source, { preview });
    if (!made || this.#shown?.source !== source) return;
    this.#shown.images = made.images;
    this.#shown.results = made.images.map(canvasOf);
    this.#shown.overlay = undefined;
    this.#choose(0);
    this.#grid();
    this.#part(".save").hidden = false;
    this.#part(".uncertain").hidden = made.images.length < 2;
    this.#status.rest(
      [
        `Done in ${inTime(made.seconds)}`,
        ...(made.seed === undefined ? [] : [`seed ${made.seed}`]),
        ...made.warnings,
      ].join(" · "),
    );
  }

  /** Enlarges the area alone, with the noise that it has in the whole, and shows it in its place. */
  async #runArea(): Promise<void> {
    const { rect } = this.#compare.area;
    if (!rect || !this.#ready) return;
    const { source, before } = this.#shown!;
    const seen = withContext(rect, source);
    const made = await this.#run(cropImage(source, seen), { at: seen });
    if (!made || this.#shown?.source !== source) return;
    this.#select(false);
    const part = {
      x: rect.x / source.width,
      y: rect.y / source.height,
      width: rect.width / source.width,
      height: rect.height / source.height,
    };
    this.#compare.overlay = undefined;
    const { scale } = this.#entry!;
    const image = cropImage(made.images[0], {
      x: (rect.x - seen.x) * scale,
      y: (rect.y - seen.y) * scale,
      width: rect.width * scale,
      height: rect.height * scale,
    });
    this.#compare.result = [{ image: before }, { image: canvasOf(image), part }];
    this.#compare.show(part);
    this.#part(".save").hidden = true;
    this.#status.rest(`The area took ${inTime(made.seconds)}. Enlarge makes the whole like it.`);
  }

  /** Runs the entry on an image; nothing where it was cancelled or failed, and the page says so. */
  async #run(
    image: Image,
    { preview, at }: { preview?: (image: Image) => void; at?: Point } = {},
  ): Promise<Made | undefined> {
    const entry = this.#entry!;
    const controller = this.#running = new AbortController();
    const started = performance.now();
    this.#enable();
    this.#status.work("Starting ...", 0);
    let last: Progress | undefined;
    try {
      const options = optionsOf(this.#settings, entry);
      const made = await this.#engine.run(image, options, at, {
        signal: controller.signal,
        preview: (image, sample) => {
          if (sample === 0 && !controller.signal.aborted) preview?.(image);
        },
        progress: (progress) => {
          last = progress;
          const seconds = (performance.now() - started) / 1000;
          const left = progress.fraction > 0.05
            ? ` · ${inTime(seconds / progress.fraction - seconds)} left`
            : "";
          this.#status.work(`${said(progress, options.samples ?? 1)}${left}`, progress.fraction);
        },
      });
      this.#pace.learn(entry, options, image, made.seconds);
      void this.#estimate();
      return made;
    } catch (error) {
      if (controller.signal.aborted) {
        if (this.#shown) this.#compare.result = layersOf(this.#shown);
        this.#status.rest(`Cancelled at ${Math.round(100 * (last?.fraction ?? 0))} %.`);
      } else this.#status.fail(messageOf(error));
      return undefined;
    } finally {
      if (this.#running === controller) this.#running = undefined;
      this.#enable();
    }
  }

  #choose(index: number): void {
    const shown = this.#shown!;
    shown.chosen = index;
    this.#compare.result = layersOf(shown);
    for (const [i, button] of [...this.#part(".samples-grid").children].entries()) {
      button.setAttribute("aria-pressed", `${i === index}`);
    }
  }

  /** A small image of each sample, to choose from. */
  #grid(): void {
    const grid = this.#part(".samples-grid");
    const { results } = this.#shown!;
    grid.hidden = results.length < 2;
    grid.replaceChildren(...results.map((result, i) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-label", `Sample ${i + 1}`);
      button.setAttribute("aria-pressed", `${i === 0}`);
      const small = document.createElement("canvas");
      const side = Math.min(result.width, result.height);
      Object.assign(small, { width: 144, height: 144 });
      const [x, y] = [(result.width - side) / 2, (result.height - side) / 2];
      small.getContext("2d")!.drawImage(result, x, y, side, side, 0, 0, 144, 144);
      button.append(small);
      button.addEventListener("click", () => this.#choose(i));
      return button;
    }));
  }

  async #showOverlay(): Promise<void> {
    const shown = this.#shown;
    const wanted = this.#part<HTMLInputElement>(".uncertain input").checked;
    if (!shown) return;
    if (wanted && !shown.overlay) {
      const { width, height } = shown.images[0];
      shown.overlay = overlayOf(await this.#engine.deviation(shown.images), width, height);
    }
    this.#compare.overlay = wanted ? shown.overlay : undefined;
  }

  async #file(format: "png" | "jpeg" | "webp"): Promise<Blob> {
    const { images, chosen } = this.#shown!;
    return new Blob([await this.#engine.encode(images[chosen], format)], {
      type: `image/${format}`,
    });
  }

  async #save(): Promise<void> {
    const format = this.#part<HTMLSelectElement>(".format").value as "png" | "jpeg" | "webp";
    const { name, results, chosen } = this.#shown!;
    const number = results.length > 1 ? `-${chosen + 1}` : "";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await this.#file(format));
    const ending = format === "jpeg" ? "jpg" : format;
    link.download = `${name.replace(/\.\w+$/, "")}-${this.#settings.model}${number}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": this.#file("png") })]);
      this.#status.rest("Copied the image.");
    } catch (error) {
      this.#status.fail(`Cannot copy the image: ${messageOf(error)}. Save it instead.`);
    }
  }

  async #copyCommand(): Promise<void> {
    const command = commandOf(this.#settings, this.#entry!, this.#shown!.name);
    try {
      await navigator.clipboard.writeText(command);
      this.#status.rest("Copied the command.");
    } catch {
      this.#status.rest(command);
    }
  }
}

/** Whether a browser's canvas can be so large. */
function fits({ width, height }: Size): boolean {
  return width <= LONGEST && height <= LONGEST && width * height <= MOST;
}

/** What is shown as the result: the chosen one, where there is any. */
function layersOf({ results, chosen }: Shown): Layer[] | undefined {
  return results.length > 0 ? [{ image: results[chosen] }] : undefined;
}

/** Where a run stands, in words. */
function said({ phase, sample, step, steps, tile, tiles }: Progress, samples: number): string {
  const which = samples > 1 ? `sample ${sample + 1} of ${samples}, ` : "";
  if (phase === "condition") return `Analysing the photograph: tile ${tile} of ${tiles}`;
  if (phase === "finish") return "Finishing";
  return `Drawing: ${which}step ${Math.min(step + 1, steps)} of ${steps}, tile ${tile} of ${tiles}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
}
