/// <reference types="../env.d.ts" />
/** The page: a photograph comes in, a larger one goes out. @module */

import { cropImage } from "../../../../lib/image/crop.ts";
import type { Image, Progress } from "../../../../mod.ts";
import { Engine } from "../engine.ts";
import { listEntries } from "../entries.ts";
import { checkFits, fits, LARGE } from "../limits.ts";
import { withContext } from "../area.ts";
import type { Entry, Made, Part, RunOptions } from "../messages.ts";
import { keepPage } from "../offline.ts";
import { Pace } from "../pace.ts";
import { canvasOf, overlayOf } from "../pixels.ts";
import { copyImage, copyText, type Format, nameOf, saveFile } from "../saving.ts";
import { commandOf, DEFAULTS, formatSettings, optionsOf, parseSettings } from "../settings.ts";
import type { Settings } from "../settings.ts";
import type { Compare, Layer, Mode } from "./compare.ts";
import type { Controls } from "./controls.ts";
import { LAYOUT } from "./layout.ts";
import type { Samples } from "./samples.ts";
import type { Size } from "../viewport.ts";
import {
  costText,
  doneText,
  inTime,
  loadingText,
  messageOf,
  progressText,
  providerText,
} from "../words.ts";
import type { Status } from "./status.ts";

/** The reason of an abort by the user, after which nothing else begins. */
const BY_USER = new DOMException("Cancelled", "AbortError");

/** Size of the image from which the page learns how long runs take. */
const TINY: Size = { width: 48, height: 48 };

/** What the page shows. */
interface Shown {
  source: Image;
  name: string;
  /** The photograph enlarged by bicubic, or as it is if the result would be too large. */
  before: HTMLCanvasElement;
  /** How much damage the entry found in it, 0 to 1. */
  damage?: number;
  /** The result of the last run on the whole photograph. */
  result?: Result;
}

/** The result of a run, and how it was made. */
interface Result {
  images: readonly Image[];
  canvases: readonly HTMLCanvasElement[];
  settings: Settings;
  entry: Entry;
  /** Index of the sample that is shown, saved and copied. */
  chosen: number;
  overlay?: HTMLCanvasElement;
}

/** `<sr-app>`. */
export class App extends HTMLElement {
  #engine = new Engine();
  #entry?: Entry;
  #settings: Settings = DEFAULTS;
  #shown?: Shown;
  /** Whether the model could not be loaded. */
  #failed = false;
  #running?: AbortController;
  /** The run on a tiny image that only measures how long runs take. */
  #trying?: AbortController;
  #pace = new Pace();
  /** Number of files that were given so far. */
  #taken = 0;

  async connectedCallback(): Promise<void> {
    this.innerHTML = LAYOUT;
    this.#settings = parseSettings(location.hash);
    const choices = await listEntries().catch((error) => this.#status.fail(messageOf(error)));
    if (!choices) return;
    const known = (settings: Settings) =>
      choices.some(({ id }) => id === settings.model)
        ? settings
        : { ...settings, model: DEFAULTS.model };
    this.#settings = known(this.#settings);
    this.#controls.show(choices, this.#settings);
    this.#listen();
    // The user edited the address, or followed a link to other settings of this page.
    addEventListener("hashchange", () => {
      const settings = known(parseSettings(location.hash));
      this.#controls.settings = settings;
      this.#set(settings);
    });
    await this.#open();
    keepPage();
  }

  get #controls(): Controls {
    return this.querySelector("sr-controls")!;
  }

  get #compare(): Compare {
    return this.querySelector("sr-compare")!;
  }

  get #samples(): Samples {
    return this.querySelector("sr-samples")!;
  }

  get #status(): Status {
    return this.querySelector("sr-status")!;
  }

  #part<Kind extends HTMLElement>(selector: string): Kind {
    return this.querySelector<Kind>(selector)!;
  }

  #listen(): void {
    this.#controls.addEventListener("settings", (event) => {
      this.#set((event as CustomEvent<Settings>).detail);
      history.replaceState(null, "", `#${formatSettings(this.#settings)}`);
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
    this.#part(".cancel").addEventListener("click", () => this.#running?.abort(BY_USER));
    this.#part(".retry").addEventListener("click", () => void this.#open());
    this.#part(".other").addEventListener("click", () => this.#reset());
    this.#part(".download").addEventListener("click", () => void this.#save());
    this.#part(".copy").addEventListener("click", () => void this.#copy());
    this.#part(".command").addEventListener("click", () => void this.#copyCommand());
    this.#samples.addEventListener("overlay", () => void this.#showOverlay());
    for (const part of [this.#samples, this.#compare]) {
      part.addEventListener("choose", (event) => this.#choose((event as CustomEvent).detail));
    }
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
      if (event.key === "Escape") this.#running?.abort(BY_USER);
      if (!this.#shown || event.ctrlKey || event.metaKey || event.altKey || takes(event)) return;
      if (event.key.toLowerCase() === "s") this.#select(!this.#compare.selecting);
      else if (this.#compare.pressKey(event.key)) event.preventDefault();
    });
  }

  /** Takes other settings: another model is loaded at once. */
  #set(settings: Settings): void {
    const before = this.#settings.model;
    this.#settings = settings;
    this.#enable();
    void (settings.model === before ? this.#estimate() : this.#open());
  }

  async #open(): Promise<void> {
    const { model } = this.#settings;
    this.#running?.abort();
    this.#entry = undefined;
    this.#failed = false;
    this.#part(".cost").textContent = "";
    this.#enable();
    this.#status.work(`Loading ${model} ...`);
    try {
      const entry = await this.#engine.open(model, (received, total) => {
        if (model !== this.#settings.model) return;
        this.#status.work(loadingText(model, received, total), received / total);
      });
      if (model !== this.#settings.model) return;
      this.#entry = entry;
      this.#controls.fit(entry);
      this.#badge(entry);
      this.#status.rest(this.#shown ? "" : "Ready.");
      if (this.#shown) await this.#prepare(this.#shown.source, this.#shown.name);
      this.#enable();
      await this.#estimate();
      void this.#tryPace(entry);
    } catch (error) {
      if (model !== this.#settings.model) return;
      const hint = navigator.onLine ? "" : ". Offline, only models that were used before work";
      this.#status.fail(`${messageOf(error)}${hint}`);
      this.#failed = true;
      this.#enable();
    }
  }

  /** Measures on a tiny image how long runs take, if no run has shown it yet. */
  async #tryPace(entry: Entry): Promise<void> {
    const options = { ...optionsOf(DEFAULTS, entry), ...entry.steps && { steps: 1 } };
    if (this.#pace.seconds(entry, options, TINY) !== undefined) return;
    const trial = this.#trying = new AbortController();
    const data = new Uint8ClampedArray(4 * TINY.width * TINY.height).fill(128);
    try {
      // The first run of a size takes longer.
      for (const isLast of [false, true]) {
        const image = { ...TINY, data };
        const { seconds } = await this.#engine.run(image, options, undefined, trial);
        if (isLast) this.#pace.learn(entry, options, TINY, seconds);
      }
      await this.#estimate();
    } catch {
      // A run that the user began meanwhile shows the time.
    }
  }

  #badge(entry: Entry): void {
    const badge = this.#part(".badge");
    badge.hidden = false;
    badge.querySelector("summary")!.textContent = entry.provider === "webgpu" ? "GPU" : "CPU";
    badge.querySelector("p")!.textContent = providerText(entry, crossOriginIsolated);
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
      scrollTo(0, 0);
      this.#status.rest("");
      this.#enable();
      await this.#estimate();
    } catch (error) {
      if (turn === this.#taken) this.#status.fail(messageOf(error));
    }
  }

  /** Shows a photograph, enlarged by bicubic interpolation. */
  async #prepare(source: Image, name: string): Promise<void> {
    checkFits(source);
    const scale = this.#entry?.scale ?? 4;
    const size = { width: source.width * scale, height: source.height * scale };
    const isSmall = fits(size) && size.width * size.height <= LARGE;
    const before = canvasOf(isSmall ? await this.#engine.enlarge(source, scale) : source);
    this.#shown = { source, name, before };
    this.#part("sr-picker").hidden = true;
    this.#compare.hidden = false;
    this.#part(".tools").hidden = false;
    this.#compare.area.image = source;
    this.#select(false);
    this.#compare.open(size, before);
    this.#samples.show([]);
    this.#part(".save").hidden = true;
    this.#part('[data-mode="grid"]').hidden = true;
  }

  #reset(): void {
    this.#running?.abort();
    this.#taken++;
    this.#shown = undefined;
    this.#part("sr-picker").hidden = false;
    this.#compare.hidden = true;
    for (const part of [".tools", "sr-samples", ".save"]) this.#part(part).hidden = true;
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
    const pressed = this.querySelector<HTMLElement>(".actions :focus-visible");
    const [run, trial] = [".run", ".trial"].map((name) => this.#part<HTMLButtonElement>(name));
    trial.disabled = !this.#ready;
    run.disabled = !this.#ready || !this.#fits;
    // A result of these settings waits to be saved.
    const isDone = !this.#part(".save").hidden && this.#shown?.result?.settings === this.#settings;
    run.textContent = selecting ? "Enlarge all" : isDone ? "Enlarge again" : "Enlarge";
    trial.textContent = selecting ? "Enlarge area" : "Try an area";
    trial.classList.toggle("primary", selecting);
    run.classList.toggle("primary", !selecting && !isDone);
    this.#part(".download").classList.toggle("primary", !selecting && isDone);
    const running = Boolean(this.#running);
    for (const button of [run, trial]) button.hidden = running || this.#failed;
    this.#part(".retry").hidden = !this.#failed;
    this.#part(".cancel").hidden = !running;
    // Keep the keyboard's focus where the pressed button was.
    if (pressed?.hidden) this.#part(running ? ".cancel" : ".run").focus({ preventScroll: true });
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

  /** The options of a run; an area is tried with one sample. */
  #options(isTrial: boolean): RunOptions {
    const options = optionsOf(this.#settings, this.#entry!);
    return isTrial && options.samples ? { ...options, samples: 1 } : options;
  }

  /** Shows what the run will take, before it begins. */
  async #estimate(): Promise<void> {
    if (!this.#shown || !this.#entry) return;
    const { rect } = this.#compare.area;
    const { width, height } = rect ?? this.#shown.source;
    try {
      const options = this.#options(rect !== undefined);
      const cost = await this.#engine.plan(width, height, options);
      const seconds = this.#pace.seconds(this.#entry, options, { width, height });
      this.#part(".cost").textContent = costText(cost, {
        size: { width, height },
        seconds,
        isArea: rect !== undefined,
        fits: this.#fits,
      });
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
    const [settings, entry] = [this.#settings, this.#entry!];
    this.#select(false);
    // Parts that a preview does not have yet are transparent.
    const preview = (image: Image) => {
      this.#compare.result = [{ image: before }, { image: canvasOf(image) }];
    };
    const made = await this.#run(source, this.#options(false), { preview });
    if (!made || this.#shown?.source !== source) return;
    const canvases = made.images.map(canvasOf);
    this.#shown.result = { images: made.images, canvases, settings, entry, chosen: 0 };
    this.#compare.overlay = undefined;
    this.#compare.samples = canvases;
    this.#samples.show(canvases.length > 1 ? canvases : []);
    this.#part('[data-mode="grid"]').hidden = canvases.length < 2;
    this.#choose(0);
    this.#status.rest(doneText(made));
  }

  /** Enlarges the area alone, with the noise that it has in the whole, and shows it in its place. */
  async #runArea(): Promise<void> {
    const { rect } = this.#compare.area;
    if (!rect || !this.#ready) return;
    const { source, before, result, damage } = this.#shown!;
    const seen = withContext(rect, source);
    const options = this.#options(true);
    // Take the damage of the whole photograph, so that it will look like its area.
    if (options.restore === "auto") options.restore = damage ?? "auto";
    const whole = options.restore === "auto" ? source : undefined;
    const made = await this.#run(cropImage(source, seen), options, { part: { ...seen, whole } });
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
    if (this.#compare.mode === "grid") this.#compare.mode = "slider";
    this.#compare.show(part);
    // A result of the whole photograph can be chosen again.
    if (result) this.#samples.show(result.canvases);
    this.#part(".save").hidden = true;
    this.#enable();
    this.#status.rest(
      `The area took ${inTime(made.seconds)}. Enlarge does the same for all of it.`,
    );
  }

  /** Runs the entry on an image; undefined if it was cancelled or failed, which the page then says. */
  async #run(
    image: Image,
    options: RunOptions,
    { preview, part }: { preview?: (image: Image) => void; part?: Part } = {},
  ): Promise<Made | undefined> {
    const [entry, shown] = [this.#entry!, this.#shown!];
    const controller = this.#running = new AbortController();
    this.#trying?.abort();
    const started = performance.now();
    this.#enable();
    this.#status.work("Starting ...", 0);
    let last: Progress | undefined;
    try {
      const made = await this.#engine.run(image, options, part, {
        signal: controller.signal,
        preview: (image, sample) => {
          if (sample === 0 && !controller.signal.aborted) preview?.(image);
        },
        progress: (progress) => {
          last = progress;
          const seconds = (performance.now() - started) / 1000;
          const text = progressText(progress, options.samples ?? 1, seconds);
          this.#status.work(text, progress.fraction);
        },
      });
      this.#pace.learn(entry, options, image, made.seconds);
      if (options.restore === "auto") {
        shown.damage = made.restore;
        this.#controls.found(made.restore!);
      }
      void this.#estimate();
      return made;
    } catch (error) {
      if (controller.signal.aborted) {
        if (this.#shown) this.#compare.result = layersOf(this.#shown);
        // Whatever else aborted it shows its own status.
        if (controller.signal.reason === BY_USER) {
          this.#status.rest(`Cancelled at ${Math.round(100 * (last?.fraction ?? 0))} %.`);
        }
      } else this.#status.fail(messageOf(error));
      return undefined;
    } finally {
      if (this.#running === controller) this.#running = undefined;
      this.#enable();
    }
  }

  #choose(index: number): void {
    const { result } = this.#shown!;
    if (!result) return;
    result.chosen = index;
    this.#compare.result = layersOf(this.#shown!);
    this.#samples.chosen = index;
    this.#part(".save").hidden = false;
    this.#enable();
  }

  async #showOverlay(): Promise<void> {
    const { result } = this.#shown ?? {};
    if (!result) return;
    if (this.#samples.overlay && !result.overlay) {
      const { width, height } = result.images[0];
      result.overlay = overlayOf(await this.#engine.deviation(result.images), width, height);
    }
    if (this.#shown?.result !== result) return;
    this.#compare.overlay = this.#samples.overlay ? result.overlay : undefined;
  }

  async #file(format: Format): Promise<Blob> {
    const { images, chosen } = this.#shown!.result!;
    const type = `image/${format}`;
    return new Blob([await this.#engine.encode(images[chosen], format)], { type });
  }

  async #save(): Promise<void> {
    const format = this.#part<HTMLSelectElement>(".format").value as Format;
    const { name, result } = this.#shown!;
    const { canvases, chosen, settings } = result!;
    const sample = canvases.length > 1 ? chosen + 1 : undefined;
    try {
      saveFile(await this.#file(format), nameOf(name, settings.model, format, sample));
    } catch (error) {
      this.#status.fail(`Cannot save the image: ${messageOf(error)}`);
    }
  }

  async #copy(): Promise<void> {
    try {
      await copyImage(this.#file("png"));
      this.#status.rest("Copied the image.");
    } catch (error) {
      this.#status.fail(`Cannot copy the image: ${messageOf(error)}. Save it instead`);
    }
  }

  async #copyCommand(): Promise<void> {
    const { name, result } = this.#shown!;
    const command = commandOf(result!.settings, result!.entry, name);
    this.#status.rest(await copyText(command) ? `Copied: ${command}` : command);
  }
}

/** The layers of the result: the chosen sample, if there is one. */
function layersOf({ result }: Shown): Layer[] | undefined {
  return result && [{ image: result.canvases[result.chosen] }];
}

/** Whether the focused element handles the key itself. */
function takes({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (key === " ") return target.closest("input, select, button, summary") !== null;
  return target.closest('select, input:not([type="checkbox"], [type="range"])') !== null;
}
