/** The rectangle over the photograph that is enlarged first: by mouse, finger or keyboard. @module */

import { between, grown, moved, opposite, type Point, proposed, type Rect } from "../area.ts";
import { TAP } from "../gestures.ts";
import type { Size } from "../viewport.ts";

/** Where the photograph lies, in CSS pixels of the frame. */
export interface Box {
  /** Left side. */
  x: number;
  /** Top side. */
  y: number;
  /** Width of the whole photograph. */
  width: number;
  /** Height of the whole photograph. */
  height: number;
}

/**
 * `<sr-area>`: lies over the frame while an area is chosen. It fires the event `areachange` at each
 * change, `areaenter` for Enter, and `arealeave` for Escape.
 */
export class Area extends HTMLElement {
  #image: Size = { width: 1, height: 1 };
  #box: Box = { x: 0, y: 0, width: 1, height: 1 };
  #rect?: Rect;
  #pane = document.createElement("div");

  connectedCallback(): void {
    if (this.#pane.isConnected) return;
    this.#pane.tabIndex = 0;
    this.#pane.className = "pane";
    this.#pane.setAttribute("role", "group");
    this.#pane.setAttribute("aria-roledescription", "movable area");
    this.#pane.innerHTML = `<output></output>${
      ["nw", "ne", "sw", "se"].map((corner) => `<i data-corner="${corner}"></i>`).join("")
    }`;
    this.append(this.#pane);
    this.addEventListener("pointerdown", (event) => this.#press(event));
    this.#pane.addEventListener("keydown", (event) => this.#key(event));
    this.hidden = true;
  }

  /** The photograph's size; a new size discards the area. */
  set image(image: Size) {
    if (image.width !== this.#image.width || image.height !== this.#image.height) {
      this.#rect = undefined;
    }
    this.#image = image;
    this.close();
  }

  /** The area, while one is chosen. */
  get rect(): Rect | undefined {
    return this.hidden ? undefined : this.#rect;
  }

  /** Shows the last area, or proposes one, and gives it the keyboard. */
  open(): void {
    this.hidden = false;
    this.#set(this.#rect ?? proposed(this.#image));
    this.#pane.focus({ preventScroll: true });
  }

  /** Hides the area. */
  close(): void {
    this.hidden = true;
  }

  /** Follows the photograph when it is moved or magnified. */
  layout(box: Box): void {
    this.#box = box;
    this.#draw();
  }

  #set(rect: Rect): void {
    this.#rect = rect;
    this.#draw();
    this.dispatchEvent(new CustomEvent("areachange", { detail: rect, bubbles: true }));
  }

  #draw(): void {
    if (!this.#rect) return;
    const { x, y, width, height } = this.#rect;
    const [across, down] = [
      this.#box.width / this.#image.width,
      this.#box.height / this.#image.height,
    ];
    Object.assign(this.#pane.style, {
      left: `${this.#box.x + x * across}px`,
      top: `${this.#box.y + y * down}px`,
      width: `${width * across}px`,
      height: `${height * down}px`,
    });
    this.#pane.querySelector("output")!.value = `${width} × ${height}`;
    this.#pane.setAttribute(
      "aria-label",
      `Area of ${width} by ${height} pixels, ${x} from the left, ${y} from the top. Arrows move it, ` +
        "with Shift they resize it, Enter enlarges it, Escape leaves.",
    );
  }

  /** A place of the screen, in pixels of the photograph. */
  #pointAt({ clientX, clientY }: PointerEvent): Point {
    const { left, top } = this.getBoundingClientRect();
    return {
      x: (clientX - left - this.#box.x) * this.#image.width / this.#box.width,
      y: (clientY - top - this.#box.y) * this.#image.height / this.#box.height,
    };
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    const before = this.#rect!;
    const start = this.#pointAt(event);
    const target = event.target as HTMLElement;
    const corner = target.dataset.corner;
    const change = corner !== undefined
      ? (now: Point) => between(opposite(before, corner), now, this.#image)
      : target === this
      ? (now: Point) => between(start, now, this.#image)
      : (now: Point) => moved(before, now.x - start.x, now.y - start.y, this.#image);
    this.setPointerCapture(event.pointerId);
    const move = (moving: PointerEvent) => {
      const far = Math.hypot(moving.clientX - event.clientX, moving.clientY - event.clientY);
      if (far > TAP || this.#rect !== before) this.#set(change(this.#pointAt(moving)));
    };
    const end = () => {
      this.removeEventListener("pointermove", move);
      this.removeEventListener("pointerup", end);
      this.removeEventListener("pointercancel", end);
      this.#pane.focus({ preventScroll: true });
    };
    this.addEventListener("pointermove", move);
    this.addEventListener("pointerup", end);
    this.addEventListener("pointercancel", end);
  }

  #key(event: KeyboardEvent): void {
    const arrows: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = arrows[event.key];
    if (arrow) {
      const step = Math.max(1, Math.round(Math.min(this.#image.width, this.#image.height) / 64));
      const [dx, dy] = arrow.map((way) => way * step);
      const change = event.shiftKey ? grown : moved;
      this.#set(change(this.#rect!, dx, dy, this.#image));
    } else if (event.key === "Enter") {
      this.dispatchEvent(new CustomEvent("areaenter", { bubbles: true }));
    } else if (event.key === "Escape") {
      this.dispatchEvent(new CustomEvent("arealeave", { bubbles: true }));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
