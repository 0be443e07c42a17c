// Bundles src/ into highnoon_widgets/static/: one file for what every page needs, one for each
// heavy engine, which a page takes once, and the loader that each widget carries in its state.
// Beside them lie the licences of the packages whose code they hold.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const STATIC = "highnoon_widgets/static";

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

const { metafile } = await build({
  entryPoints: {
    core: "src/core.ts",
    loader: "src/loader.ts",
    plots: "src/engines/plots.ts",
    site: "src/site/site.ts",
    table: "src/engines/table.ts",
  },
  outdir: STATIC,
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
  metafile: true,
});

await build({
  entryPoints: { site: "src/styles/site.css" },
  outdir: STATIC,
  bundle: true,
  minify: true,
  logLevel: "warning",
});

const packages = new Set(
  Object.keys(metafile.inputs).flatMap(
    (path) => path.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0] ?? [],
  ),
);
const licences = [...packages].sort().map((folder) => {
  const name = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  const text = name ? readFileSync(`${folder}/${name}`, "utf8").trim() : licenceNamedBy(folder);
  return `${folder.replace(/^.*node_modules\//, "")}\n\n${text}\n`;
});
writeFileSync(`${STATIC}/LICENSES.txt`, licences.join(`\n${"-".repeat(80)}\n\n`));

function licenceNamedBy(folder) {
  const { license, author } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  return [license, author?.name ?? author].filter(Boolean).join(", ");
}
