/** Before and after on one canvas: a slider, side by side, in turns, or all samples; zoom and pan are shared. @module */

import { listenForPointers, listenForWheel, type Place } from "../gestures.ts";
import { arranged, fitted, panned, type Size, type Viewport, zoomed } from "../viewport.ts";
import { Area, type Box } from "./area.ts";

/** How images are compared. */
export type Mode = "slider" | "side" | "flip" | "grid";

const WHOLE: Box = { x: 0, y: 0, width: 1, height: 1 };
const MODES: readonly Mode[] = ["slider", "side", "flip", "grid"];

/** CSS pixels between images that stand beside each other. */
const GAP = 2;

/** Something that is drawn over the whole image or a part of it, stretched to fit. */
export interface Layer {
  /** The canvas that is drawn. */
  image: HTMLCanvasElement;
  /** Where, from 0 to 1 of the whole. */
  part?: Box;
}

/** A part of the canvas with one image. */
interface Pane {
  /** Text of its label. */
  name?: string;
  /** Layers from below. */
  layers: readonly Layer[];
  /** Where the image is centred, in CSS pixels. */
  frame: Box;
  /** The part of the frame that is painted; all of it if absent. */
  clip?: Box;
  /** Whether the label stands at the right. */
  atEnd?: boolean;
  /** Whether it shows the chosen sample. */
  isChosen?: boolean;
}

/**
 * `<sr-compare>`: `open()` an image, then set `result`; keys 1 to 4 choose the mode, arrows move the
 * slider. It fires `modechange` for another mode, and `choose` with the index of a tapped sample.
 */
export class Compare extends HTMLElement {
  /** Size of the result. */
  #size?: Size;
  #original: readonly Layer[] = [];
  #result?: readonly Layer[];
  #samples: readonly HTMLCanvasElement[] = [];
  #overlay?: HTMLCanvasElement;
  /** Absent until the user moves or magnifies: the whole image is shown then. */
  #view?: Viewport;
  #mode: Mode = "slider";
  #split = 0.5;
  #flipped = false;
  #canvas = document.createElement("canvas");
  #labels = document.createElement("div");
  #handle = document.createElement("div");
  #area = new Area();

  connectedCallback(): void {
    if (this.#canvas.isConnected) return;
    for (const part of [this.#canvas, this.#labels]) part.setAttribute("aria-hidden", "true");
    this.#handle.className = "handle";
    this.#handle.tabIndex = 0;
    this.#handle.setAttribute("role", "slider");
    this.#handle.setAttribute(
      "aria-label",
      "Before and after: share of the original that is shown",
    );
    this.#handle.setAttribute("aria-valuemin", "0");
    this.#handle.setAttribute("aria-valuemax", "100");
    this.#handle.setAttribute("aria-orientation", "horizontal");
    this.append(this.#canvas, this.#labels, this.#area, this.#handle);
    new ResizeObserver(() => this.#resized()).observe(this);
    this.#handle.addEventListener("keydown", (event) => this.#slideByKey(event));
    this.#handle.addEventListener("pointerdown", (event) => this.#grab(event));
    const zoom = (factor: number, at: Place) => this.#zoomAt(factor, at);
    listenForPointers(this.#canvas, {
      pan: (dx, dy) => this.#change((view, size) => panned(view, size, dx, dy)),
      zoom,
      tap: (at) => this.#tap(at),
    });
    listenForWheel(this, zoom);
    this.#canvas.addEventListener("dblclick", () => this.fit());
  }

  /** Shows another image, whole, without a result; `size` is that of the result. */
  open(size: Size, original: HTMLCanvasElement): void {
    this.#size = size;
    this.#original = [{ image: original }];
    this.#result = this.#overlay = this.#view = undefined;
    this.samples = [];
  }

  /** The layers, from below, of the image that is to the right or second. */
  get result(): readonly Layer[] | undefined {
    return this.#result;
  }

  set result(layers: readonly Layer[] | undefined) {
    this.#result = layers;
    this.#draw();
  }

  /** All samples, which the mode `grid` shows if there are several. */
  set samples(samples: readonly HTMLCanvasElement[]) {
    this.#samples = samples;
    if (this.#mode === "grid" && samples.length < 2) this.mode = "slider";
    else this.#draw();
  }

  /** Drawn over the second image. */
  set overlay(image: HTMLCanvasElement | undefined) {
    this.#overlay = image;
    this.#draw();
  }

  /** The rectangle over the image, in pixels of the photograph; set its `image` first. */
  get area(): Area {
    return this.#area;
  }

  /** Whether the rectangle is shown and can be drawn. */
  get selecting(): boolean {
    return !this.#area.hidden;
  }

  set selecting(wanted: boolean) {
    if (wanted) this.#area.open();
    else this.#area.close();
    this.#draw();
  }

  /** Magnifies a part, given from 0 to 1 of the image, until it fills most of the frame. */
  show(part: Box): void {
    const image = this.#size;
    if (!image) return;
    const { width, height } = this.#frame();
    const zoom = 0.9 * Math.min(
      width / (part.width * image.width),
      height / (part.height * image.height),
    );
    const view = { x: part.x + part.width / 2, y: part.y + part.height / 2, zoom: 1 };
    this.#change(() => zoomed(view, image, zoom));
  }

  /** How the images are compared. */
  get mode(): Mode {
    return this.#mode;
  }

  set mode(mode: Mode) {
    if (mode === "grid" && this.#samples.length < 2) return;
    this.#mode = mode;
    this.#flipped = false;
    this.#draw();
    this.dispatchEvent(new CustomEvent("modechange", { detail: mode }));
  }

  /** The position of the slider, from 0 to 1 of the frame's width. */
  get split(): number {
    return this.#split;
  }

  /** The part that is shown. */
  get view(): Viewport | undefined {
    return this.#view ?? (this.#size && fitted(this.#size, this.#frame()));
  }

  /** Shows the whole image. */
  fit(): void {
    this.#change(() => undefined);
  }

  /** Shows one pixel of the result on one pixel of the screen. */
  actual(): void {
    this.#change((view) => ({ ...view, zoom: 1 / devicePixelRatio }));
  }

  /** Magnifies around the centre. */
  zoomBy(factor: number): void {
    this.#change((view, size) => zoomed(view, size, factor));
  }

  /** Handles a key pressed anywhere on the page; returns whether it had an effect. */
  pressKey(key: string): boolean {
    const chosen = MODES[Number(key) - 1];
    if (chosen) this.mode = chosen;
    else if (key === " " && this.#mode === "flip") this.#flip();
    else if (key === "+" || key === "=") this.zoomBy(1.5);
    else if (key === "-") this.zoomBy(1 / 1.5);
    else if (key === "0") this.fit();
    else return false;
    return true;
  }

  #change(change: (view: Viewport, size: Size) => Viewport | undefined): void {
    if (!this.view || !this.#size) return;
    this.#view = change(this.view, this.#size);
    this.#draw();
  }

  /** Magnifies around a place of the window, whichever image is there. */
  #zoomAt(factor: number, at: Place): void {
    const frame = this.#frame(Math.max(0, this.#count > 1 ? this.#indexAt(at) : 0));
    const { left, top } = this.getBoundingClientRect();
    const x = at.x - left - frame.x - frame.width / 2;
    const y = at.y - top - frame.y - frame.height / 2;
    this.#change((view, size) => zoomed(view, size, factor, { x, y }));
  }

  #tap(at: Place): void {
    if (this.#mode === "flip" && this.#result) this.#flip();
    const detail = this.#indexAt(at);
    if (this.#mode !== "grid" || this.#count < 2 || detail < 0) return;
    this.dispatchEvent(new CustomEvent("choose", { detail }));
  }

  #flip(): void {
    this.#flipped = !this.#flipped;
    this.#draw();
  }

  #slideByKey(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowLeft: -0.02,
      ArrowDown: -0.02,
      ArrowRight: 0.02,
      ArrowUp: 0.02,
      PageDown: -0.1,
      PageUp: 0.1,
      Home: -1,
      End: 1,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.#slideTo(this.#split + steps[event.key]);
  }

  #slideTo(split: number): void {
    this.#split = Math.min(1, Math.max(0, split));
    this.#draw();
  }

  #grab(event: PointerEvent): void {
    this.#handle.setPointerCapture(event.pointerId);
    const move = ({ clientX }: PointerEvent) => {
      const { left, width } = this.getBoundingClientRect();
      this.#slideTo((clientX - left) / width);
    };
    this.#handle.addEventListener("pointermove", move);
    this.#handle.addEventListener(
      "lostpointercapture",
      () => this.#handle.removeEventListener("pointermove", move),
      { once: true },
    );
  }

  #resized(): void {
    const { width, height } = this.getBoundingClientRect();
    this.#canvas.width = Math.max(1, Math.round(width * devicePixelRatio));
    this.#canvas.height = Math.max(1, Math.round(height * devicePixelRatio));
    this.#draw();
  }

  /** The whole canvas, in CSS pixels. */
  #bounds(): Box {
    const { width, height } = this.#canvas;
    return { x: 0, y: 0, width: width / devicePixelRatio, height: height / devicePixelRatio };
  }

  /** Number of images that have a part of the canvas of their own. */
  get #count(): number {
    if (!this.#result || this.selecting) return 1;
    return this.#mode === "grid" ? this.#samples.length : this.#mode === "side" ? 2 : 1;
  }

  /** The part of the canvas of one of several images. */
  #frame(index = 0): Box {
    const bounds = this.#bounds();
    const { columns, rows } = arranged(this.#count, this.#size ?? bounds, bounds);
    const [width, height] = [bounds.width / columns, bounds.height / rows];
    const [x, y] = [index % columns * width, Math.floor(index / columns) * height];
    return { x, y, width: width - (columns > 1 ? GAP : 0), height: height - (rows > 1 ? GAP : 0) };
  }

  /** What is drawn, and where. */
  #panes(): Pane[] {
    const frame = this.#frame();
    const before = { name: "Before", layers: this.#original, frame };
    const over = this.#overlay ? [{ image: this.#overlay }] : [];
    if (!this.#result || this.selecting) return [{ layers: this.#original, frame }];
    const after = { name: "After", layers: [...this.#result, ...over], frame };
    switch (this.#mode) {
      case "side":
        return [before, { ...after, frame: this.#frame(1) }];
      case "flip":
        return [this.#flipped ? before : after];
      case "grid":
        return this.#samples.map((image, i) => ({
          name: `${i + 1}`,
          layers: [{ image }, ...over],
          frame: this.#frame(i),
          isChosen: this.#result![0].image === image,
        }));
      case "slider": {
        const edge = this.#split * frame.width;
        return [
          { ...before, clip: { ...frame, width: edge } },
          { ...after, clip: { ...frame, x: edge, width: frame.width - edge }, atEnd: true },
        ];
      }
    }
  }

  /** Index of the pane at a place of the window; -1 if there is none. */
  #indexAt(at: Place): number {
    const { left, top } = this.getBoundingClientRect();
    const [x, y] = [at.x - left, at.y - top];
    return this.#panes().findIndex(({ frame }) =>
      x >= frame.x && x < frame.x + frame.width && y >= frame.y && y < frame.y + frame.height
    );
  }

  /** Where an image lies, in CSS pixels of the canvas. */
  #place(frame: Box): Box {
    const { x, y, zoom } = this.view!;
    const width = this.#size!.width * zoom, height = this.#size!.height * zoom;
    const [middle, centre] = [frame.x + frame.width / 2, frame.y + frame.height / 2];
    return { x: middle - x * width, y: centre - y * height, width, height };
  }

  #draw(): void {
    const context = this.#canvas.getContext("2d");
    if (!context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    const panes = this.#size ? this.#panes() : [];
    this.#handle.hidden = panes.length === 0 || !panes.some(({ clip }) => clip);
    this.#label(panes);
    // A finger scrolls the page over an image that is shown whole, and moves one that is not.
    this.dataset.moves = `${this.#view !== undefined}`;
    if (panes.length === 0) return;
    this.#area.layout(this.#place(this.#frame()));
    context.scale(devicePixelRatio, devicePixelRatio);
    for (const pane of panes) this.#paint(context, pane);
    const shown = Math.round(100 * this.#split);
    this.#handle.style.left = `${100 * this.#split}%`;
    this.#handle.setAttribute("aria-valuenow", `${shown}`);
    this.#handle.setAttribute("aria-valuetext", `${shown} % original, ${100 - shown} % result`);
  }

  #label(panes: readonly Pane[]): void {
    const named = panes.filter(({ name }) => name);
    this.#labels.replaceChildren(...named.map(({ name, frame, atEnd, isChosen }) => {
      const label = document.createElement("span");
      label.className = isChosen ? "label chosen" : "label";
      label.textContent = name!;
      const end = this.#bounds().width - frame.x - frame.width;
      Object.assign(label.style, atEnd ? { right: `${end}px` } : { left: `${frame.x}px` });
      label.style.top = `${frame.y}px`;
      return label;
    }));
  }

  #paint(context: CanvasRenderingContext2D, { layers, frame, clip = frame }: Pane): void {
    const { x, y, width, height } = this.#place(frame);
    const zoom = this.view!.zoom * devicePixelRatio;
    context.save();
    context.beginPath();
    context.rect(clip.x, clip.y, clip.width, clip.height);
    context.clip();
    context.imageSmoothingEnabled = zoom < 1.5;
    context.imageSmoothingQuality = "high";
    for (const { image: drawn, part = WHOLE } of layers) {
      const [left, top] = [x + part.x * width, y + part.y * height];
      context.drawImage(drawn, left, top, part.width * width, part.height * height);
    }
    context.restore();
  }
}
