// Writes out/precache.js: what the service worker keeps for a start without a network.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

const out = new URL("../out/", import.meta.url).pathname;
const all = (await readdir(out, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(out, join(entry.parentPath, entry.name)).split(sep).join("/"))
  .sort();

const isKept = (file) =>
  /^_next\/static\/.*\.(js|css|woff2)$/.test(file) || /^[^/]+\.(html|txt|webmanifest|svg)$/.test(file) || file === "icon-192.png";
// Old browsers' polyfills and other alphabets' fonts are fetched when they are needed.
const isRare = (file) => /^(404|_not-found)\b/.test(file) || /latin-ext|polyfill/.test(file);

const hash = createHash("sha256");
const files = [];
for (const file of all.filter((file) => isKept(file) && !isRare(file))) {
  hash.update(file).update(await readFile(join(out, file)));
  files.push(`/${file.replace(/^index\.html$/, "").replace(/\.html$/, "")}`);
}
const precache = { version: hash.digest("hex").slice(0, 16), files };
await writeFile(join(out, "precache.js"), `self.PRECACHE = ${JSON.stringify(precache)};\n`);
console.log(`    ${files.length} files for offline use`);
