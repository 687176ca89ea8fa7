/** The README of a repository on the Hugging Face Hub, with the front matter that the Hub reads. @module */

import { stringify } from "yaml";
import type { ModelCard } from "../../lib/zoo/mod.ts";
import { weightsOf } from "./table.ts";

/** SPDX identifiers that the Hub knows, in lower case; others are written as a name. */
const KNOWN =
  /^(?:apache-2\.0|mit|bsd-[23]-clause|cc0-1\.0|cc-by(?:-nc)?(?:-sa|-nd)?-[34]\.0|gpl-3\.0|openrail)$/;

/**
 * Front matter, followed by the entry's own README, or by a few lines from the card.
 *
 * @param own The entry's README.
 */
export function hubReadme(card: ModelCard, own?: string): string {
  const license = card.licence.weights.toLowerCase();
  const front = {
    ...KNOWN.test(license)
      ? { license }
      : { license: "other", license_name: card.licence.weights.slice(0, 100) },
    library_name: "srzoo",
    pipeline_tag: "image-to-image",
    tags: ["super-resolution", "image-upscaling", "onnx", "srzoo", card.family, `x${card.scale}`],
    ...card.licence.data.length > 0 ? { datasets_used: card.licence.data.map((d) => d.name) } : {},
  };
  const body = own?.replace(/^---\n[^]*?\n---\n/, "") ?? bodyOf(card);
  return `---\n${stringify(front)}---\n\n${body.trimStart()}`;
}

function bodyOf(card: ModelCard): string {
  const { name, description, scale, licence } = card;
  const lines = [
    `# ${name}`,
    description,
    `x${scale}, weights ${weightsOf(card)}, under ${licence.weights}.`,
    ...licence.note ? [licence.note] : [],
    "```sh\ndeno run -A jsr:@srzoo/core/cli --model hf:OWNER/REPO image.png\n```",
    ...licence.data.length > 0 ? ["## Training data", dataTable(card)] : [],
  ];
  return `${lines.join("\n\n")}\n`;
}

function dataTable({ licence }: ModelCard): string {
  const rows = licence.data.map((d) =>
    `| ${cell(d.name)} | ${d.pictures ?? ""} | ${cell(d.licence)} |`
  );
  return ["| set | images | terms |", "| --- | --- | --- |", ...rows].join("\n");
}

/** Text that is safe in a cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
