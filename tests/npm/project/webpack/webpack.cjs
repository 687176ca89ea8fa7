// Bundles the page with webpack, which follows the worker and its files by itself; warnings count as errors.
const process = require("node:process");
const webpack = require("webpack");

const config = {
  mode: "development",
  devtool: false,
  entry: `${__dirname}/../page.js`,
  output: {
    path: `${__dirname}/dist`,
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
