/** The schema of `model.yml` for programs in other languages; a separate file, since a page has no use for it. @module */

import { toJSONSchema } from "zod/mini";
import { modelCardSchema } from "./schema.ts";

/** The JSON Schema of `model.yml`, which `zoo/model.schema.json` holds. */
export function cardJsonSchema(): Record<string, unknown> {
  return toJSONSchema(modelCardSchema, { io: "input" });
}
