// Bundles the page and the workers, which Rollup does not find by itself.
const resolve = require("@rollup/plugin-node-resolve");

const bundle = (input, file) => ({
  input,
  output: { file: `rollup/${file}`, format: "es", inlineDynamicImports: true },
  plugins: [resolve({ browser: true })],
});

module.exports = [
  bundle("page.js", "main.js"),
  bundle("node_modules/@srzoo/core/lib/web_worker.js", "worker.js"),
  bundle("node_modules/@srzoo/core/lib/library_worker.js", "library.js"),
];
