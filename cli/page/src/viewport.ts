/** Which part of an image is shown, and how large. @module */

/** A position and a magnification, shared by all images that are compared. */
export interface Viewport {
  /** Centre, from 0 (left) to 1 (right) of the image. */
  x: number;
  /** Centre, from 0 (top) to 1 (bottom) of the image. */
  y: number;
  /** CSS pixels per pixel of the result. */
  zoom: number;
}

/** Sizes in CSS pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Shows the whole image in the middle of its frame, magnified at most twice. */
export function fitted(image: Size, frame: Size): Viewport {
  const zoom = Math.min(frame.width / image.width, frame.height / image.height, 2);
  return { x: 0.5, y: 0.5, zoom };
}

/** Moves the image by CSS pixels; a part of it stays in the frame. */
export function panned(view: Viewport, image: Size, dx: number, dy: number): Viewport {
  const within = (value: number) => Math.min(1, Math.max(0, value));
  return {
    ...view,
    x: within(view.x - dx / (image.width * view.zoom)),
    y: within(view.y - dy / (image.height * view.zoom)),
  };
}

/** Magnifies by a factor around a point of the frame, relative to the frame's centre. */
export function zoomed(
  view: Viewport,
  image: Size,
  factor: number,
  at: { x: number; y: number } = { x: 0, y: 0 },
): Viewport {
  const zoom = Math.min(16, Math.max(0.02, view.zoom * factor));
  const still = panned(view, image, -at.x, -at.y);
  return panned({ ...still, zoom }, image, at.x, at.y);
}

/** How many images stand beside and below each other. */
export interface Grid {
  columns: number;
  rows: number;
}

/** By what factor images must grow to justify another row. */
const GAIN = 1.25;

/** The grid that shows images of one size about as large as possible, in as few rows as that allows. */
export function arranged(count: number, image: Size, frame: Size): Grid {
  const grids = Array.from({ length: count }, (_, i) => {
    const columns = Math.ceil(count / (i + 1));
    const rows = Math.ceil(count / columns);
    const zoom = Math.min(frame.width / columns / image.width, frame.height / rows / image.height);
    return { columns, rows, zoom };
  });
  const largest = Math.max(...grids.map(({ zoom }) => zoom));
  const { columns, rows } = grids.find(({ zoom }) => zoom * GAIN >= largest)!;
  return { columns, rows };
}
