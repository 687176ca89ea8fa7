/** Curves of growth on two logarithmic axes. @module */

import type { TopLevelSpec } from "vega-lite";
import { axisOf, type AxisOptions, COLORS, domainOf, type Drawing, PLOT } from "./drawing.ts";

/** One point of a curve. */
export interface LinePoint {
  /** Name of the method, which has the colour. */
  readonly name: string;
  /** What ran it, which has the dashes. */
  readonly kind: string;
  /** Horizontal value. */
  readonly x: number;
  /** Vertical value. */
  readonly y: number;
}

/** Dashes by what ran it. */
const DASHES: Readonly<Record<string, readonly number[]>> = {
  native: [1, 0],
  TypeScript: [9, 2],
  wasm: [5, 4],
  "tfjs wasm": [2, 3],
  webgpu: [9, 3, 2, 3],
};

/** Draws one curve for each method and kind. */
export function lines(
  caption: string,
  values: readonly LinePoint[],
  x: AxisOptions,
  y: AxisOptions,
): Drawing {
  const names = [...new Set(values.map(({ name }) => name))];
  const kinds = Object.keys(DASHES).filter((kind) => values.some((value) => value.kind === kind));
  const axis = (field: "x" | "y", options: AxisOptions) =>
    axisOf(field, { ...options, log: true }, domainOf(values.map((value) => value[field]), true));
  const spec = {
    data: { values },
    ...PLOT,
    encoding: {
      x: axis("x", x),
      y: axis("y", y),
      color: {
        field: "name",
        title: null,
        scale: { domain: names, range: names.map((_, i) => COLORS[i % COLORS.length]) },
      },
    },
    layer: [
      {
        mark: { type: "line", strokeWidth: 2 },
        encoding: {
          strokeDash: {
            field: "kind",
            title: null,
            scale: { domain: kinds, range: kinds.map((kind) => DASHES[kind]) },
            legend: { symbolSize: 500 },
          },
        },
      },
      { mark: { type: "point", filled: true, size: 40, opacity: 1 } },
    ],
  };
  return { caption, spec: spec as unknown as TopLevelSpec };
}
