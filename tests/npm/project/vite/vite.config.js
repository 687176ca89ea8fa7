export default {
  worker: { format: "es" },
  optimizeDeps: { exclude: ["@srzoo/core"] },
};
