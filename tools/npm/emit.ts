/** Makes JavaScript and declarations of one module with the TypeScript compiler. @module */

import ts from "typescript";

const OPTIONS: ts.CompilerOptions = {
  // Node 22 and bundlers support all of it, but not `using`, which is newer.
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  noLib: true,
};

/** Libraries that the declarations need and that projects with an older target, or without `dom`, do not load. */
const REFERENCES = ["dom", "esnext.disposable"]
  .map((lib) => `/// <reference lib="${lib}" />\n`)
  .join("");

/** The URL of a neighbouring module, such as that of a worker. */
const ADDRESS = /(new URL\("\.[^"]+)\.ts(", import\.meta\.url\))/g;
/** The specifier of a relative import or export, static or not. */
const RELATIVE = /((?:\bfrom|\bimport\(|^import)\s*")(\.{1,2}\/[^"]+)\.ts"/gm;

/**
 * The JavaScript of a module, with `.js` in its relative imports.
 *
 * @throws {SyntaxError} If TypeScript refuses it.
 */
export function moduleOf(path: string, source: string): string {
  const { outputText, diagnostics } = ts.transpileModule(source, {
    fileName: path,
    compilerOptions: OPTIONS,
    reportDiagnostics: true,
  });
  check(path, diagnostics);
  return named(outputText.replaceAll(ADDRESS, "$1.js$2"));
}

/**
 * The declarations of a module, made from its own text alone.
 *
 * @throws {SyntaxError} If an exported type is not written out.
 */
export function declarationOf(path: string, source: string): string {
  const { outputText, diagnostics } = ts.transpileDeclaration(source, {
    fileName: path,
    compilerOptions: { ...OPTIONS, isolatedDeclarations: true, declaration: true },
    reportDiagnostics: true,
  });
  check(path, diagnostics);
  return REFERENCES + named(outputText);
}

/** The project's own modules that JavaScript or declarations import, as paths of their sources. */
export function relativeImports(path: string, text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport\(|^import|new URL\()\s*"(\.{1,2}\/[^"]+)\.js"/gm);
  return [...found].map(([, name]) => new URL(`${name}.ts`, `file:///${path}`).pathname.slice(1));
}

/** Rewrites import specifiers to those of the npm package. */
function named(text: string): string {
  return text.replaceAll(RELATIVE, '$1$2.js"').replaceAll("jsr:@srzoo/core", "@srzoo/core");
}

function check(path: string, diagnostics: readonly ts.Diagnostic[] = []): void {
  if (diagnostics.length === 0) return;
  const lines = diagnostics.map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, " ")
  );
  throw new SyntaxError(`Cannot translate ${path}: ${lines.join("; ")}`);
}
