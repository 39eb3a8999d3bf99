/* Makes built/ out of the files beside this one: what browsers load. `make widget` runs it with the pinned esbuild.

   The same sources give the same bytes; built/built.json holds the hashes of both, which the tests compare. */

const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const esbuild = require("esbuild");

const OUT = join(__dirname, "built");
const hash = (text) => createHash("sha256").update(text).digest("hex");

const minifiedRules = {
  name: "minified rules",
  setup: (build) => build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
    const { code } = await esbuild.transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
    return { contents: code.trim(), loader: "text" };
  }),
};

async function bundle(name, options) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(__dirname, name)], bundle: true, minify: true, write: false, target: "es2022", charset: "utf8",
    legalComments: "none", plugins: [minifiedRules], ...options,
  });
  writeFileSync(join(OUT, name), outputFiles[0].contents);
  return outputFiles[0].text;
}

async function main() {
  const names = readdirSync(__dirname).sort();
  const sources = names.filter((name) => /\.(js|css|cjs)$/.test(name));
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT);
  const built = {};
  for (const name of ["panel.js", ...names.filter((other) => /^texts-.*\.js$/.test(other))]) {
    built[name] = await bundle(name, { format: "esm" });
  }
  const version = hash(Object.values(built).join("")).slice(0, 12);
  built["widget.js"] = await bundle("widget.js", { format: "iife", define: { BUILT: JSON.stringify(version) } });
  const hashes = {
    esbuild: esbuild.version,
    sources: Object.fromEntries(sources.map((name) => [name, hash(readFileSync(join(__dirname, name)))])),
    built: Object.fromEntries(Object.entries(built).map(([name, text]) => [name, hash(text)])),
  };
  writeFileSync(join(OUT, "built.json"), `${JSON.stringify(hashes, null, 1)}\n`);
}

main();
