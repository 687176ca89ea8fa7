/** The verbs that print entries: `list`, `show`, `table`. @module */

import type { ModelCard } from "../../lib/zoo/mod.ts";
import { NAMES, type Verb } from "./desk.ts";
import { inMegabytes, termsOf, weightsOf, zooTable } from "./table.ts";

/** Lists all entries. */
export const list: Verb = (program, desk) => {
  program.command("list").description("list all entries").action(async () => {
    const { zoo, options, tell } = desk();
    const cards = await zoo.list(options);
    const head = ["id", "scale", "family", "weights", "terms"];
    const rows = cards.map((card) => [
      card.id,
      `x${card.scale}`,
      card.family,
      weightsOf(card),
      termsOf(card),
    ]);
    tell(cards, [head, ...rows]);
  });
};

/** Shows one card. */
export const show: Verb = (program, desk) => {
  program.command("show").argument("<model>", NAMES)
    .description("show the card of an entry")
    .action(async (model) => {
      const { find, tell } = desk();
      const card = await find(model);
      tell(card, cardText(card));
    });
};

/** Prints the tables of the README. */
export const markdown: Verb = (program, desk) => {
  program.command("table").description("print the entries and their figures as Markdown")
    .action(async () => {
      const { zoo, options } = desk();
      console.log(zooTable(await zoo.list(options)));
    });
};

/** A card as text for people. */
function cardText(card: ModelCard): string {
  const { licence, steps, tiling, figures = {} } = card;
  const lines = [
    `${card.id} ${card.version}: ${card.name}`,
    card.description,
    `family ${card.family}, x${card.scale}, weights ${weightsOf(card)}`,
    ...Object.entries(card.graphs).map(([name, graph]) =>
      `  ${name}: ${graph.url ?? graph.file}, ${graph.precision}, ${inMegabytes(graph.bytes)}`
    ),
    ...tiling ? [`tiles of ${tiling.size} pixels with an overlap of ${tiling.overlap}`] : [],
    ...steps
      ? [`steps: ${steps.default}, at most ${steps.max}, trained for ${trainedFor(steps)}`]
      : [],
    `terms of the weights: ${termsOf(card)}`,
    ...licence.note ? [`  ${licence.note}`] : [],
    ...licence.data.map((source) => `  data: ${source.name}, ${source.licence}`),
    ...Object.entries(figures).map(([set, values]) => `${set}: ${figuresText(values)}`),
  ];
  return lines.join("\n");
}

/** Figures of one set; `xHalf` is half the width of the 95 % interval of `x` over the seeds. */
function figuresText(values: Readonly<Record<string, number>>): string {
  return Object.keys(values).filter((name) => !name.endsWith("Half")).map((name) => {
    const half = values[`${name}Half`];
    return `${name} ${values[name]}${half === undefined ? "" : ` ± ${half}`}`;
  }).join(", ");
}

function trainedFor({ trained }: NonNullable<ModelCard["steps"]>): string {
  return trained.map(({ steps }) => steps).join(", ") || "none in particular";
}
