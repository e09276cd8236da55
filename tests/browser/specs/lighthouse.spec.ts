import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import lighthouse, { type Config, defaultConfig, desktopConfig, type RunnerResult } from "lighthouse";
import { freePort } from "../chatbot.ts";
import { expect, signUp, test } from "../test.ts";

const MAX_FIRST_LOAD_JAVASCRIPT = 200_000;
// Lighthouse's benchmark index of a Moto G Power, to which Chromium's developer tools calibrate "low-tier mobile".
const CHEAP_PHONE = 264;
const { cpuSlowdownMultiplier: _, ...SLOW_NETWORK } = defaultConfig.settings?.throttling ?? {};

function figures(name: string, result: RunnerResult): Record<string, number> {
  const { categories, audits } = result.lhr;
  const scores = Object.fromEntries(Object.entries(categories).map(([id, { score }]) => [id, Math.round((score ?? 0) * 100)]));
  const requests = audits["network-requests"]?.details as unknown as { items: { resourceType: string; transferSize: number; url: string }[] };
  const scripts = requests.items.filter((item) => item.resourceType === "Script").reduce((sum, item) => sum + item.transferSize, 0);
  const times = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "speed-index"];
  const shown = times.map((id) => `${id} ${audits[id]?.displayValue}`).join(", ");
  const { benchmarkIndex } = result.lhr.environment;
  const slowdown = result.lhr.configSettings.throttling.cpuSlowdownMultiplier.toFixed(1);
  console.log(`    ${name}: ${JSON.stringify(scores)}, scripts ${(scripts / 1000).toFixed(1)} kB; ${shown}; benchmark index ${benchmarkIndex}, slowed ${slowdown} times`);
  for (const each of ["accessibility", "best-practices"] as const) {
    for (const { id } of categories[each]?.auditRefs ?? []) {
      const audit = audits[id];
      if (audit?.score !== null && (audit?.score ?? 1) < 1) console.log(`      ${each}: ${id}: ${audit?.title} ${JSON.stringify(audit?.details).slice(0, 600)}`);
    }
  }
  return { ...scores, scripts };
}

// Times depend on the machine: they are printed, and only what does not depend on it is asserted.
test("Lighthouse finds nothing in accessibility and best practices, and little script", async ({ chatbot }) => {
  test.setTimeout(240_000);
  const port = await freePort();
  const profile = await mkdtemp(join(tmpdir(), "todo-lighthouse-"));
  const { executablePath, args = [] } = test.info().project.use.launchOptions ?? {};
  const browser = await chromium.launchPersistentContext(profile, { executablePath, args: [...args, `--remote-debugging-port=${port}`] });
  let benchmarkIndex: number | undefined;
  const audit = async (path: string, config?: Config) => {
    const result = await lighthouse(chatbot.url + path, { port, output: "json", logLevel: "error" }, config);
    if (!result) throw new Error("Lighthouse has no result");
    return result;
  };
  // Lighthouse's two devices: a cheap phone on a slow network, and a desktop computer. Its own slowdown of four times
  // is made for a fast computer: this one is slowed down to that phone.
  const measure = async (name: string, path: string) => {
    benchmarkIndex ??= (await audit(path)).lhr.environment.benchmarkIndex;
    const cpuSlowdownMultiplier = Math.max(1, benchmarkIndex / CHEAP_PHONE);
    const phone = { extends: "lighthouse:default", settings: { throttling: { ...SLOW_NETWORK, cpuSlowdownMultiplier } } };
    const found = [];
    for (const [device, config] of [["phone", phone], ["desktop", desktopConfig]] as const) {
      found.push(figures(`${name}, ${device}`, await audit(path, config)));
    }
    return found;
  };
  try {
    const page: Page = browser.pages()[0] ?? (await browser.newPage());
    const all = await measure("signing in", "/login");
    await signUp(page, chatbot.url);
    all.push(...(await measure("today", "/")), ...(await measure("tasks", "/tasks")));
    for (const each of all) {
      expect(each.accessibility).toBeGreaterThanOrEqual(95);
      expect(each["best-practices"]).toBeGreaterThanOrEqual(95);
      expect(each.scripts).toBeLessThan(MAX_FIRST_LOAD_JAVASCRIPT);
    }
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
});
