// Makes the exported files ready for components/web: compressed forms beside them, and a manifest of all.
//
//   node scripts/export.mjs [folder]      after `next build`; the folder is `out` unless named
//
// The manifest is written last: without it the page counts as not built.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { inlineBlocks } from "./inline.mjs";

const out = process.argv[2] ?? new URL("../out", import.meta.url).pathname;
const MANIFEST = "web-manifest.json";

const IMMUTABLE = "public, max-age=31536000, immutable";
const TYPES = {
  ".avif": "image/avif",
  ".css": "text/css; charset=utf-8",
  ".gif": "image/gif",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  // Next.js takes its payloads from an export as text/plain.
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".xml": "application/xml",
};

const compress = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gz: (bytes) => promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
};

async function paths() {
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => file.slice(join(out, "/").length).replaceAll("\\", "/")).sort();
}

async function describe(path) {
  const bytes = await readFile(join(out, path));
  const entry = {
    type: TYPES[extname(path)] ?? "application/octet-stream",
    // Next.js puts a hash of its content, or of the build, into the path of everything there.
    cache: path.startsWith("_next/static/") ? IMMUTABLE : "no-cache",
    hash: createHash("sha256").update(bytes).digest("hex").slice(0, 32),
    size: bytes.length,
  };
  for (const [extension, method] of Object.entries(compress)) {
    const form = `${path}.${extension}`;
    const compressed = await method(bytes);
    if (compressed.length < bytes.length) {
      await writeFile(join(out, form), compressed);
      entry[extension] = compressed.length;
    } else {
      await rm(join(out, form), { force: true });
    }
  }
  if (path.endsWith(".html")) {
    const { scripts, styles, problems } = inlineBlocks(bytes.toString("utf8"));
    const hashes = (blocks) => [
      ...new Set(blocks.map((text) => `sha256-${createHash("sha256").update(text).digest("base64")}`)),
    ];
    entry.scripts = hashes(scripts);
    entry.styles = hashes(styles);
    for (const problem of problems) {
      console.warn(`    ${path}: the content security policy will block ${problem}`);
    }
  }
  return entry;
}

if (!existsSync(join(out, "index.html"))) {
  console.error(`${out} holds no index.html: run \`next build\` first`);
  process.exit(1);
}
await rm(join(out, MANIFEST), { force: true });
const all = await paths();
const isCompressed = (path) => /\.(br|gz)$/.test(path) && all.includes(path.replace(/\.(br|gz)$/, ""));
const files = {};
const described = all.filter((path) => !isCompressed(path)).map(async (path) => [`/${path}`, await describe(path)]);
for (const [path, entry] of await Promise.all(described)) {
  files[path] = entry;
}
const manifest = join(out, MANIFEST);
await writeFile(`${manifest}.new`, JSON.stringify({ files }));
await rename(`${manifest}.new`, manifest);

const total = (form) => Object.values(files).reduce((sum, entry) => sum + (entry[form] ?? entry.size), 0);
const kB = (bytes) => `${Math.round(bytes / 1000)} kB`;
console.log(`    ${Object.keys(files).length} files, ${kB(total("size"))}; ${kB(total("br"))} as Brotli`);
