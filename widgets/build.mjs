// Bundles src/ into highnoon_widgets/static/: one file for what every page needs, one for each
// heavy engine, which a page takes once, and the loader that each widget carries in its state.
import { build } from "esbuild";

await build({
  entryPoints: {
    core: "src/core.ts",
    loader: "src/loader.ts",
    plots: "src/engines/plots.ts",
    table: "src/engines/table.ts",
  },
  outdir: "highnoon_widgets/static",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  loader: { ".css": "text" },
  // plotly.js asks for Node's buffer, for images that no plot of ours has.
  define: { global: "globalThis" },
  logLevel: "warning",
});
