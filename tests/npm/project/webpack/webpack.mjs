// Bundles the page with webpack, which follows the worker and its files by itself; warnings count as errors.
import process from "node:process";
import webpack from "webpack";

const config = {
  mode: "development",
  devtool: false,
  entry: new URL("../page.js", import.meta.url).pathname,
  output: {
    path: new URL("dist", import.meta.url).pathname,
    filename: "main.js",
    publicPath: "/",
  },
};

webpack(config, (error, stats) => {
  const told = stats?.toJson({ all: false, errors: true, warnings: true });
  const faults = [...error ? [error] : [], ...told?.errors ?? [], ...told?.warnings ?? []];
  for (const { moduleName, message } of faults) console.error(moduleName, message);
  process.exitCode = faults.length > 0 ? 1 : 0;
});
