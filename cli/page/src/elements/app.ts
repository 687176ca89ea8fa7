/// <reference types="../env.d.ts" />
/** The page: a photograph comes in, a larger one goes out. @module */

import { cropImage } from "../../../../lib/image/crop.ts";
import type { Image, Progress } from "../../../../mod.ts";
import { Engine } from "../engine.ts";
import type { Entry, Made } from "../messages.ts";
import { canvasOf, inTime, inUnits, overlayOf, patched } from "../pixels.ts";
import { commandOf, DEFAULTS, formatSettings, optionsOf, parseSettings } from "../settings.ts";
import type { Settings } from "../settings.ts";
import type { Compare, Mode } from "./compare.ts";
import type { Choice, Controls } from "./controls.ts";
import type { Status } from "./status.ts";

/** Side of the part that is tried first, in pixels of the photograph. */
const TRIAL = 96;
/** Pixels of the result above which the page asks before it begins. */
const LARGE = 64e6;

/** What the page shows. */
interface Shown {
  source: Image;
  name: string;
  bicubic: HTMLCanvasElement;
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
  /** Seconds that the last network call took, by entry. */
  #pace = new Map<string, number>();

  async connectedCallback(): Promise<void> {
    this.innerHTML = `
      <header>
        <h1>srzoo</h1>
        <p>A larger, sharper photograph, made in this browser</p>
        <span class="badge" title=""></span>
      </header>
      <main>
        <section class="stage" aria-label="Photograph">
          <sr-picker></sr-picker>
          <sr-compare hidden></sr-compare>
          <div class="tools" role="toolbar" aria-label="View" hidden>
            <span class="modes">
              <button type="button" data-mode="slider" aria-pressed="true">Slider <kbd>1</kbd></button>
              <button type="button" data-mode="side" aria-pressed="false">Side by side <kbd>2</kbd></button>
              <button type="button" data-mode="flip" aria-pressed="false">In turns <kbd>3</kbd></button>
            </span>
            <span class="zoom">
              <button type="button" data-zoom="out" aria-label="Zoom out">&minus;</button>
              <button type="button" data-zoom="fit">Fit</button>
              <button type="button" data-zoom="actual">1:1</button>
              <button type="button" data-zoom="in" aria-label="Zoom in">+</button>
            </span>
            <label class="check uncertain" hidden><input type="checkbox" /> Where the samples differ</label>
            <button type="button" class="other">Another photograph</button>
          </div>
          <div class="samples-grid" role="group" aria-label="Samples" hidden></div>
        </section>
        <aside aria-label="Settings">
          <sr-controls></sr-controls>
          <p class="cost"></p>
          <div class="actions">
            <button type="button" class="primary run" disabled>Enlarge</button>
            <button type="button" class="trial" disabled>Try the middle</button>
            <button type="button" class="cancel" hidden>Cancel</button>
          </div>
          <sr-status></sr-status>
          <div class="save" hidden>
            <label>Save as <select class="format"><option value="png">PNG</option><option value="jpeg">JPEG</option><option value="webp">WebP</option></select></label>
            <button type="button" class="download">Save</button>
            <button type="button" class="copy">Copy image</button>
            <button type="button" class="command">Copy the command</button>
          </div>
          <p class="note">A generative model <em>invents</em> detail: letters, faces and number plates in the
            result are guesses. Draw several samples to see how much they vary.</p>
        </aside>
      </main>`;
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
    this.#part(".trial").addEventListener("click", () => void this.#runTrial());
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
      else if (!typing && this.#shown && !event.ctrlKey && !event.metaKey && !event.altKey) {
        if (this.#compare.pressKey(event.key)) event.preventDefault();
      }
    });
  }

  async #open(): Promise<void> {
    const { model } = this.#settings;
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

  #badge({ provider, tried }: Entry): void {
    const badge = this.#part(".badge");
    badge.textContent = provider === "webgpu" ? "GPU" : provider === "none" ? "no network" : "CPU";
    badge.title = [
      `Runs on ${provider}.`,
      ...tried.map(({ provider, reason }) => `Not on ${provider}: ${reason}.`),
    ].join(" ");
  }

  /** Reads a file and shows it at once. */
  async #take(file: File): Promise<void> {
    this.#running?.abort();
    this.#status.work(`Reading ${file.name} ...`);
    try {
      const image = await this.#engine.decode(file);
      await this.#prepare(image, file.name);
      this.#status.rest("");
      this.#enable();
      await this.#estimate();
    } catch (error) {
      this.#status.fail(messageOf(error));
    }
  }

  /** Shows a photograph, enlarged by bicubic interpolation. */
  async #prepare(source: Image, name: string): Promise<void> {
    const scale = this.#entry?.scale ?? 4;
    const bicubic = canvasOf(await this.#engine.enlarge(source, scale));
    this.#shown = { source, name, bicubic, results: [], images: [], chosen: 0 };
    this.#part("sr-picker").hidden = true;
    this.#compare.hidden = false;
    this.#part(".tools").hidden = false;
    this.#compare.original = bicubic;
    this.#compare.result = undefined;
    this.#compare.overlay = undefined;
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

  #enable(): void {
    const ready = Boolean(this.#entry && this.#shown && !this.#running);
    this.#part<HTMLButtonElement>(".run").disabled = !ready;
    this.#part<HTMLButtonElement>(".trial").disabled = !ready;
    this.#part(".cancel").hidden = !this.#running;
  }

  /** Shows what the run will take, before it begins. */
  async #estimate(): Promise<void> {
    if (!this.#shown || !this.#entry) return;
    const { source } = this.#shown;
    try {
      const options = optionsOf(this.#settings, this.#entry);
      const cost = await this.#engine.plan(source.width, source.height, options);
      const pace = this.#pace.get(this.#entry.id);
      this.#part(".cost").textContent = [
        `${source.width} × ${source.height} becomes ${cost.width} × ${cost.height}`,
        `about ${inUnits(cost.memory)} of memory`,
        pace === undefined ? "try the middle to see the time" : `about ${inTime(pace * cost.runs)}`,
        ...cost.warnings,
      ].join(" · ");
      this.#part(".cost").classList.toggle("large", cost.width * cost.height > LARGE);
      this.#status.rest("");
    } catch (error) {
      this.#part(".cost").textContent = "";
      this.#status.fail(messageOf(error));
    }
  }

  async #runWhole(): Promise<void> {
    const { source, bicubic } = this.#shown!;
    const made = await this.#run(source, (image) => {
      const canvas = document.createElement("canvas");
      Object.assign(canvas, { width: bicubic.width, height: bicubic.height });
      const context = canvas.getContext("2d")!;
      context.drawImage(bicubic, 0, 0);
      context.drawImage(canvasOf(image), 0, 0);
      this.#compare.result = canvas;
    });
    if (!made || !this.#shown) return;
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

  /** Enlarges the middle alone, which takes seconds, and shows it in its place. */
  async #runTrial(): Promise<void> {
    const { source, bicubic } = this.#shown!;
    const width = Math.min(TRIAL, source.width);
    const height = Math.min(TRIAL, source.height);
    const x = Math.floor((source.width - width) / 2);
    const y = Math.floor((source.height - height) / 2);
    this.#compare.selection = {
      x: x / source.width,
      y: y / source.height,
      width: width / source.width,
      height: height / source.height,
    };
    const made = await this.#run(cropImage(source, { x, y, width, height }));
    this.#compare.selection = undefined;
    if (!made || !this.#shown) return;
    const scale = this.#entry!.scale;
    this.#compare.result = patched(bicubic, made.images[0], x * scale, y * scale);
    this.#status.rest(`The middle took ${inTime(made.seconds)}.`);
    await this.#estimateAfter();
  }

  async #estimateAfter(): Promise<void> {
    const line = this.#part("sr-status .line").textContent ?? "";
    await this.#estimate();
    this.#status.rest(line);
  }

  /** Runs the entry on an image; undefined if it was cancelled or failed, which the page shows. */
  async #run(image: Image, preview?: (image: Image) => void): Promise<Made | undefined> {
    const entry = this.#entry!;
    const controller = this.#running = new AbortController();
    const started = performance.now();
    this.#enable();
    this.#status.work("Starting ...", 0);
    let last: Progress | undefined;
    try {
      const options = optionsOf(this.#settings, entry);
      const cost = await this.#engine.plan(image.width, image.height, options);
      const made = await this.#engine.run(image, options, {
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
      this.#pace.set(entry.id, made.seconds / Math.max(1, cost.runs));
      return made;
    } catch (error) {
      if (controller.signal.aborted) {
        this.#compare.result = this.#shown?.results[this.#shown.chosen];
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
    this.#compare.result = shown.results[index];
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

/** The progress of a run in words. */
function said({ phase, sample, step, steps, tile, tiles }: Progress, samples: number): string {
  const which = samples > 1 ? `sample ${sample + 1} of ${samples}, ` : "";
  if (phase === "condition") return `Analysing the photograph: tile ${tile} of ${tiles}`;
  if (phase === "finish") return "Finishing";
  return `Drawing: ${which}step ${Math.min(step + 1, steps)} of ${steps}, tile ${tile} of ${tiles}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
}
