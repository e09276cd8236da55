// What a content security policy has to name, or blocks, in an HTML file that a program wrote.

const ATTRIBUTE = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g;
const TAG = /<!--[\s\S]*?-->|<([a-z][a-z0-9-]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>/gi;
const EXECUTED = /^(|module|importmap|speculationrules|(text|application)\/(x-)?(java|ecma)script)$/i;

function attributes(text) {
  const found = new Map();
  for (const [, name, double, single, bare] of text.matchAll(ATTRIBUTE)) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, double ?? single ?? bare ?? "");
  }
  return found;
}

/**
 * The texts of the inline scripts and styles, as a browser hashes them, and what no hash can allow:
 * event handlers and style attributes.
 */
export function inlineBlocks(html) {
  // HTML normalises newlines before it parses (HTML standard, section 13.2.3.5).
  const text = html.replace(/\r\n?/g, "\n");
  const scripts = [];
  const styles = [];
  const problems = new Set();
  TAG.lastIndex = 0;
  for (let tag = TAG.exec(text); tag; tag = TAG.exec(text)) {
    const name = tag[1]?.toLowerCase();
    if (!name) continue;
    const given = attributes(tag[2]);
    for (const attribute of given.keys()) {
      if (attribute === "style" || /^on[a-z]+$/.test(attribute)) {
        problems.add(`the attribute ${attribute} of <${name}>`);
      }
    }
    if (!["script", "style", "textarea", "title"].includes(name)) continue;
    // Their content is text up to their end tag.
    const end = new RegExp(`</${name}[\\s/>]`, "gi");
    end.lastIndex = TAG.lastIndex;
    const close = end.exec(text);
    const content = text.slice(TAG.lastIndex, close ? close.index : text.length);
    TAG.lastIndex = close ? close.index : text.length;
    if (name === "style") {
      styles.push(content);
    } else if (name === "script" && !given.has("src") && EXECUTED.test((given.get("type") ?? "").trim())) {
      // After `<!--` a script may go on past its first end tag.
      if (content.includes("<!--")) throw new Error("an inline script holds <!--");
      scripts.push(content);
    }
  }
  return { scripts, styles, problems: [...problems] };
}
