/** Writes `zoo/model.schema.json`, with which Python checks cards: `deno task schema`. @module */

import { cardJsonSchema } from "../lib/zoo/json_schema.ts";

const file = new URL("../zoo/model.schema.json", import.meta.url);
await Deno.writeTextFile(file, `${JSON.stringify(cardJsonSchema(), null, 2)}\n`);
