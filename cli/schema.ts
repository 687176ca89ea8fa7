/** Writes `zoo/model.schema.json`, against which Python checks cards: `deno task schema`. @module */

import { cardJsonSchema } from "../lib/zoo/json_schema.ts";

/** The part of a JSON Schema that can hold descriptions. */
interface Described {
  description?: string;
  properties?: Record<string, Described>;
  additionalProperties?: Described;
  items?: Described;
  oneOf?: Described[];
}

/** A type as `deno doc --json` writes it. */
type Type =
  | { kind: "typeRef"; value: { typeName: string; typeParams?: Type[] } }
  | { kind: "array"; value: Type }
  | { kind: "union"; value: Type[] }
  | { kind: "keyword" | "literal" | "typeLiteral" };

/** An interface or a type alias. */
interface Definition {
  properties?: { name: string; tsType: Type; jsDoc?: { doc: string } }[];
  tsType?: Type;
}

/** The JSON Schema of `model.yml`, with the comments of `lib/zoo/card.ts` as descriptions of the keys. */
export async function describedSchema(): Promise<Record<string, unknown>> {
  const types = await typesOf(new URL("../lib/zoo/card.ts", import.meta.url));
  const schema = cardJsonSchema();
  describe(schema, { kind: "typeRef", value: { typeName: "ModelCard" } }, types);
  return schema;
}

/** The types of a module by name. */
async function typesOf(module: URL): Promise<Map<string, Definition>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", module.href],
    stderr: "inherit",
  }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const { symbols } = nodes[module.href];
  return new Map(
    symbols.map((
      { name, declarations: [{ def }] }: { name: string; declarations: { def: Definition }[] },
    ) => [name, def]),
  );
}

/** Puts the comments of a type into its schema. */
function describe(schema: Described, type: Type, types: ReadonlyMap<string, Definition>): void {
  if (type.kind === "array") return describe(schema.items!, type.value, types);
  if (type.kind === "union") {
    schema.oneOf?.forEach((option, i) => describe(option, type.value[i], types));
  }
  if (type.kind !== "typeRef") return;
  const { typeName, typeParams: [first, second] = [] } = type.value;
  if (typeName === "Record") return describe(schema.additionalProperties!, second, types);
  if (typeName === "Omit") return describe(schema, first, types);
  const { properties = [], tsType } = types.get(typeName) ?? {};
  if (tsType) describe(schema, tsType, types);
  for (const { name, tsType, jsDoc } of properties) {
    const of = schema.properties?.[name];
    if (!of) continue;
    schema.properties![name] = { description: jsDoc?.doc.replaceAll("\n", " "), ...of };
    describe(of, tsType, types);
  }
}

if (import.meta.main) {
  const file = new URL("../zoo/model.schema.json", import.meta.url);
  await Deno.writeTextFile(file, `${JSON.stringify(await describedSchema(), null, 2)}\n`);
}
