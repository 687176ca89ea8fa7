/** Points with the method's name beside each. @module */

import type { TopLevelSpec } from "vega-lite";
import { axisOf, type AxisOptions, COLORS, domainOf, type Drawing, PLOT } from "./drawing.ts";
import { LETTER, placeLabels } from "./labels.ts";

/** Kinds of methods; each has its colour and shape in every plot. */
export type Group = "baseline" | "srzoo entry" | "peer" | "images from a folder";

const SHAPES: Readonly<Record<Group, string>> = {
  "baseline": "circle",
  "srzoo entry": "square",
  "peer": "triangle-up",
  "images from a folder": "diamond",
};

/** One point. */
export interface ScatterPoint {
  /** Its label. */
  readonly name: string;
  /** Its kind. */
  readonly group: Group;
  /** Horizontal value. */
  readonly x: number;
  /** Vertical value. */
  readonly y: number;
}

/** Draws points of named methods; undefined without points. */
export function scatter(
  caption: string,
  points: readonly ScatterPoint[],
  x: AxisOptions,
  y: AxisOptions,
): Drawing | undefined {
  if (points.length === 0) return undefined;
  const domain = {
    x: domainOf(points.map((point) => point.x), x.log),
    y: domainOf(points.map((point) => point.y), y.log),
  };
  const offsets = placeLabels(
    points.map((point) => ({
      name: point.name,
      x: PLOT.width * share(point.x, domain.x, x.log),
      y: PLOT.height * (1 - share(point.y, domain.y, y.log)),
    })),
    PLOT,
  );
  const values = points.map((point, i) => ({ ...point, ...offsets[i] }));
  const offset = (axis: "dx" | "dy") => ({ expr: `datum.${axis}` });
  const name = {
    type: "text",
    fontSize: LETTER,
    baseline: "middle",
    dx: offset("dx"),
    dy: offset("dy"),
  };
  const all = Object.keys(SHAPES) as Group[];
  const groups = all.filter((group) => points.some((point) => point.group === group));
  const byGroup = (range: (group: Group) => string) => ({
    field: "group",
    title: null,
    scale: { domain: groups, range: groups.map(range) },
  });
  const spec = {
    data: { values },
    ...PLOT,
    encoding: { x: axisOf("x", x, domain.x), y: axisOf("y", y, domain.y) },
    layer: [
      {
        mark: { type: "point", filled: true, size: 80, opacity: 1 },
        encoding: {
          color: byGroup((group) => COLORS[all.indexOf(group)]),
          shape: byGroup((group) => SHAPES[group]),
        },
      },
      { mark: name, encoding: { text: { field: "name" } } },
    ],
  };
  return { caption, spec: spec as unknown as TopLevelSpec };
}

/** Where a value lies in its domain, 0 to 1. */
function share(value: number, [from, to]: readonly [number, number], log = false): number {
  return log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
}
