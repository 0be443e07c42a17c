// Bundles src/ into highnoon_widgets/static/: one file for what every page needs, one for each
// heavy engine, which a page takes once, and the loader that each widget carries in its state.
import { build } from "esbuild";

/** A style sheet as text, with those that it imports. */
const styles = {
  name: "styles",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const sheet = await build({ entryPoints: [path], bundle: true, minify: true, write: false });
      return { contents: sheet.outputFiles[0].text, loader: "text" };
    });
  },
};

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
  plugins: [styles],
  // plotly.js asks for Node's buffer, for images that no plot of ours has.
  define: { global: "globalThis" },
  logLevel: "warning",
});
