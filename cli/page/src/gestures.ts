/** Gestures of a mouse or of fingers on an image: moving, magnifying, tapping. @module */

/** A place of the window, in CSS pixels. */
export interface Place {
  /** From the left. */
  x: number;
  /** From the top. */
  y: number;
}

/** Callbacks of the gestures. */
export interface Gestures {
  /** Moves the image by CSS pixels. */
  pan(dx: number, dy: number): void;
  /** Magnifies around a place. */
  zoom(factor: number, at: Place): void;
  /** A press that did not move. */
  tap(at: Place): void;
}

/** CSS pixels that a pointer may move in a tap. */
export const TAP = 4;

/** Pixels of a line, for wheels that count lines. */
const LINE = 24;

/** Listens to one pointer, which moves the image, and to two, which magnify it. */
export function listenForPointers(target: HTMLElement, gestures: Gestures): void {
  const pointers = new Map<number, Place>();
  let travelled = 0;
  target.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    target.setPointerCapture(event.pointerId);
    travelled = pointers.size === 0 ? 0 : Infinity;
    pointers.set(event.pointerId, placeOf(event));
  });
  target.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = placeOf(event);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    travelled += distance(now, before);
    pointers.set(event.pointerId, now);
    const share = other ? 0.5 : 1;
    if (travelled > TAP) gestures.pan(share * (now.x - before.x), share * (now.y - before.y));
    if (!other) return;
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    gestures.zoom(distance(now, other) / Math.max(1, distance(before, other)), middle);
  });
  target.addEventListener("pointerup", (event) => {
    if (pointers.delete(event.pointerId) && travelled <= TAP) gestures.tap(placeOf(event));
  });
  target.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
}

/** Listens to the wheel, which magnifies around the pointer. */
export function listenForWheel(target: HTMLElement, zoom: Gestures["zoom"]): void {
  target.addEventListener("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1);
    zoom(2 ** (-pixels / 240), placeOf(event));
  }, { passive: false });
}

const placeOf = ({ clientX, clientY }: MouseEvent): Place => ({ x: clientX, y: clientY });

const distance = (a: Place, b: Place) => Math.hypot(a.x - b.x, a.y - b.y);
