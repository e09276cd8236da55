import { defineConfig } from "@playwright/test";

// The tests' own dates are in the browser's zone.
process.env.TZ = "Europe/Berlin";

export default defineConfig({
  testDir: "specs",
  outputDir: "results/output",
  // Each worker has a chatbot of its own.
  workers: 2,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    locale: "en-GB",
    timezoneId: process.env.TZ,
    viewport: { width: 1440, height: 900 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // Chromium's own sandbox is not to be had for root.
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    },
  },
});
