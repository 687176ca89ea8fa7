/** JavaScript and types of one module, by TypeScript's own compiler. @module */

import ts from "typescript";

const OPTIONS: ts.CompilerOptions = {
  // Node 22 and bundlers know all of it; `using` is newer.
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  noLib: true,
};

/** Libraries that the types mention and that a project with an older target, or without a page, lacks. */
const REFERENCES = ["dom", "esnext.disposable"]
  .map((lib) => `/// <reference lib="${lib}" />\n`)
  .join("");

/** The address of a module beside a module, such as that of a worker. */
const ADDRESS = /(new URL\("\.[^"]+)\.ts(", import\.meta\.url\))/g;
/** The specifier of a relative import or export, static or not. */
const RELATIVE = /((?:\bfrom|\bimport\(|^import)\s*")(\.{1,2}\/[^"]+)\.ts"/gm;

/**
 * The JavaScript of a module; what it imports ends in `.js`.
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
 * The types of a module. They stand in one place with it, so that they are read without looking
 * at other modules.
 *
 * @throws {SyntaxError} If a type is not written out.
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

/** The modules of our own that JavaScript or types import, as paths of their sources. */
export function relativeImports(path: string, text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport\(|^import|new URL\()\s*"(\.{1,2}\/[^"]+)\.js"/gm);
  return [...found].map(([, name]) => new URL(`${name}.ts`, `file:///${path}`).pathname.slice(1));
}

/** Names modules as npm does. */
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
