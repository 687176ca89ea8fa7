/** Before and after on one canvas: a slider, side by side, or in turns; zoom and pan are shared. @module */

import { Area, type Box } from "./area.ts";
import { fitted, panned, type Size, type Viewport, zoomed } from "../viewport.ts";

/** How two images are compared. */
export type Mode = "slider" | "side" | "flip";

const WHOLE: Box = { x: 0, y: 0, width: 1, height: 1 };
const MODES: readonly Mode[] = ["slider", "side", "flip"];

/** Something that is drawn over the whole image, or over a part of it, however large its own pixels are. */
export interface Layer {
  /** What is drawn. */
  image: HTMLCanvasElement;
  /** Where, from 0 to 1 of the whole. */
  part?: Box;
}

/** `<sr-compare>`: `open()` an image, then set `result`; keys 1, 2, 3 choose the mode, arrows move the slider. */
export class Compare extends HTMLElement {
  /** Size of the result. */
  #size?: Size;
  #original: readonly Layer[] = [];
  #result?: readonly Layer[];
  #overlay?: HTMLCanvasElement;
  /** Absent until the user moves or magnifies: the whole image is shown then. */
  #view?: Viewport;
  #mode: Mode = "slider";
  #split = 0.5;
  #flipped = false;
  #canvas = document.createElement("canvas");
  #handle = document.createElement("div");
  #pointers = new Map<number, { x: number; y: number }>();
  #area = new Area();
  #labels = ["Before", "After"].map((text) => {
    const label = document.createElement("span");
    label.className = `label ${text.toLowerCase()}`;
    label.textContent = text;
    label.setAttribute("aria-hidden", "true");
    return label;
  });

  connectedCallback(): void {
    if (this.#canvas.isConnected) return;
    this.#canvas.setAttribute("aria-hidden", "true");
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
    this.append(this.#canvas, ...this.#labels, this.#area, this.#handle);
    new ResizeObserver(() => this.#resized()).observe(this);
    this.#handle.addEventListener("keydown", (event) => this.#slideByKey(event));
    this.#handle.addEventListener("pointerdown", (event) => this.#grab(event));
    this.#canvas.addEventListener("pointerdown", (event) => this.#press(event));
    this.#canvas.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel"] as const) {
      this.#canvas.addEventListener(end, (event) => this.#release(event));
    }
    this.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#canvas.addEventListener("dblclick", () => this.fit());
  }

  /** Shows another image, whole, without a result; `size` is that of the result. */
  open(size: Size, original: HTMLCanvasElement): void {
    this.#size = size;
    this.#original = [{ image: original }];
    this.#result = this.#overlay = this.#view = undefined;
    this.#draw();
  }

  /** The image to the right, or second: its layers from below. */
  get result(): readonly Layer[] | undefined {
    return this.#result;
  }

  set result(layers: readonly Layer[] | undefined) {
    this.#result = layers;
    this.#draw();
  }

  /** Drawn over the second image. */
  set overlay(image: HTMLCanvasElement | undefined) {
    this.#overlay = image;
    this.#draw();
  }

  /** The rectangle over the image, in its own pixels; `image` must be given to it. */
  get area(): Area {
    return this.#area;
  }

  /** Whether the rectangle is shown, and what is pressed draws it. */
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
    this.#view = zoomed(view, image, zoom);
    this.#draw();
  }

  /** How the two are compared. */
  get mode(): Mode {
    return this.#mode;
  }

  set mode(mode: Mode) {
    this.#mode = mode;
    this.#flipped = false;
    this.#draw();
    this.dispatchEvent(new CustomEvent("modechange", { detail: mode }));
  }

  /** The position of the slider, in 0 to 1 of the frame. */
  get split(): number {
    return this.#split;
  }

  /** The part that is shown. */
  get view(): Viewport | undefined {
    return this.#view ?? this.#whole();
  }

  /** Shows the whole image. */
  fit(): void {
    this.#view = undefined;
    this.#draw();
  }

  /** Shows one pixel of the result on one pixel of the screen. */
  actual(): void {
    if (!this.view) return;
    this.#view = { ...this.view, zoom: 1 / devicePixelRatio };
    this.#draw();
  }

  /** Magnifies around the centre. */
  zoomBy(factor: number): void {
    if (!this.view || !this.#size) return;
    this.#view = zoomed(this.view, this.#size, factor);
    this.#draw();
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

  #whole(): Viewport | undefined {
    return this.#size && fitted(this.#size, this.#frame());
  }

  /** What one image has of the canvas, in CSS pixels. */
  #frame(): Size {
    const { width, height } = this.#canvas;
    const frames = this.#mode === "side" && this.#result ? 2 : 1;
    return { width: width / devicePixelRatio / frames, height: height / devicePixelRatio };
  }

  /** Where the first image lies, in CSS pixels. */
  #place(): Box {
    const { x, y, zoom } = this.view!;
    const frame = this.#frame();
    const width = this.#size!.width * zoom, height = this.#size!.height * zoom;
    return { x: frame.width / 2 - x * width, y: frame.height / 2 - y * height, width, height };
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
    const move = (moved: PointerEvent) => {
      const { left, width } = this.getBoundingClientRect();
      this.#slideTo((moved.clientX - left) / width);
    };
    this.#handle.addEventListener("pointermove", move);
    this.#handle.addEventListener(
      "pointerup",
      () => this.#handle.removeEventListener("pointermove", move),
      { once: true },
    );
  }

  #press(event: PointerEvent): void {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.#mode === "flip" && this.#pointers.size === 1) this.#flip();
  }

  #drag(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    let view = this.view;
    if (!before || !view || !this.#size) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    const apart = (p: { x: number; y: number }) =>
      other && Math.hypot(p.x - other.x, p.y - other.y);
    const share = other ? 0.5 : 1;
    view = panned(view, this.#size, share * (now.x - before.x), share * (now.y - before.y));
    if (other) view = zoomed(view, this.#size, apart(now)! / Math.max(1, apart(before)!));
    this.#view = view;
    this.#pointers.set(event.pointerId, now);
    this.#draw();
  }

  #release(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
  }

  #wheel(event: WheelEvent): void {
    const view = this.view;
    if (!view || !this.#size) return;
    event.preventDefault();
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    const at = { x: event.clientX - left - width / 2, y: event.clientY - top - height / 2 };
    this.#view = zoomed(view, this.#size, 2 ** (-event.deltaY / 240), at);
    this.#draw();
  }

  #resized(): void {
    const { width, height } = this.getBoundingClientRect();
    this.#canvas.width = Math.max(1, Math.round(width * devicePixelRatio));
    this.#canvas.height = Math.max(1, Math.round(height * devicePixelRatio));
    this.#draw();
  }

  #draw(): void {
    const context = this.#canvas.getContext("2d");
    const image = this.#size;
    if (!context) return;
    const { width, height } = this.#canvas;
    context.clearRect(0, 0, width, height);
    this.#handle.hidden = !image || !this.#result || this.#mode !== "slider" || this.selecting;
    for (const label of this.#labels) label.hidden = !image || !this.#result;
    this.dataset.view = this.#mode === "flip" && this.#flipped ? "flipped" : this.#mode;
    if (!image) return;
    this.#area.layout(this.#place());
    const side = this.#mode === "side" && this.#result;
    const middle = width / 2;
    const edge = Math.round(this.#split * width);
    const after = [...this.#result ?? [], ...this.#overlay ? [{ image: this.#overlay }] : []];
    const before = this.#original;
    if (!this.#result) this.#paint(context, before, 0, width);
    else if (side) {
      this.#paint(context, before, 0, middle);
      this.#paint(context, after, middle, width);
    } else if (this.#mode === "flip") {
      this.#paint(context, this.#flipped ? before : after, 0, width);
    } else {
      this.#paint(context, before, 0, edge, width);
      this.#paint(context, after, edge, width, width);
    }
    this.#handle.style.left = `${100 * this.#split}%`;
    const shown = Math.round(100 * this.#split);
    this.#handle.setAttribute("aria-valuenow", `${shown}`);
    this.#handle.setAttribute("aria-valuetext", `${shown} % original, ${100 - shown} % result`);
  }

  /** Paints layers into the columns from `left` to `right`; the frame is that wide, or `frame`. */
  #paint(
    context: CanvasRenderingContext2D,
    layers: readonly Layer[],
    left: number,
    right: number,
    frame?: number,
  ): void {
    const view = this.view!;
    const image = this.#size!;
    const scale = view.zoom * devicePixelRatio;
    const centre = frame === undefined ? (left + right) / 2 : frame / 2;
    const x = centre - view.x * image.width * scale;
    const y = this.#canvas.height / 2 - view.y * image.height * scale;
    context.save();
    context.beginPath();
    context.rect(left, 0, right - left, this.#canvas.height);
    context.clip();
    context.imageSmoothingEnabled = scale < 1.5;
    context.imageSmoothingQuality = "high";
    const [across, down] = [image.width * scale, image.height * scale];
    for (const { image: drawn, part = WHOLE } of layers) {
      const [left, top] = [x + part.x * across, y + part.y * down];
      context.drawImage(drawn, left, top, part.width * across, part.height * down);
    }
    context.restore();
  }
}
