// What the specs share: a chatbot for each worker, signed-up people, and a page that may not complain.
import { AxeBuilder } from "@axe-core/playwright";
import { test as base, type Browser, type BrowserContextOptions, expect, type Page } from "@playwright/test";
import { Chatbot } from "./chatbot.ts";

export { expect, type Page };

export const PHONE = { width: 390, height: 844 };
export const PASSWORD = "correct horse battery staple";

let people = 0;

/** Someone with an account, in a browser of their own. */
export class Person {
  readonly complaints: string[] = [];

  constructor(
    readonly page: Page,
    readonly email: string,
    readonly url: string,
  ) {
    // Also what the Content-Security-Policy refuses is an error in the console.
    page.on("console", (message) => {
      if (message.type() === "error" && !isExpected(message.text())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  /** Calls the API as this person does in the page. */
  async api<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const token = await this.token();
    const response = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  private access: string | undefined;

  private async token(): Promise<string> {
    if (!this.access) {
      const response = await fetch(`${this.url}/api/auth/login`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ email: this.email, password: PASSWORD }),
      });
      this.access = ((await response.json()) as { access_token: string }).access_token;
    }
    return this.access;
  }

  task(input: Record<string, unknown>): Promise<{ id: string; title: string; version: number }> {
    return this.api("POST", "/api/tasks", input);
  }
}

/** The browser itself reports these for requests that are meant to fail. */
function isExpected(text: string): boolean {
  return /Failed to load resource: the server responded with a status of (401|404|409|412|422)|net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|CONNECTION_RESET|FAILED|NETWORK_CHANGED)|WebSocket connection to .* failed/.test(text);
}

/** Fills the form for a new account and waits for the first view. */
export async function signUp(page: Page, url: string): Promise<string> {
  const email = `person${++people}-${Date.now()}@example.com`;
  await page.goto(`${url}/register`);
  await page.getByLabel("Name").fill("Ada Lovelace");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("navigation", { name: "Views" }).first()).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  return email;
}

/** Fills the form of one who has an account. */
export async function signIn(page: Page, url: string, email: string): Promise<void> {
  await page.goto(`${url}/login`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
}

interface Fixtures {
  /** Someone with a new account, at the first view. */
  person: Person;
  /** The same person in one more browser. */
  anotherDevice: (person: Person, options?: BrowserContextOptions) => Promise<Person>;
  /** Someone else. */
  someoneElse: () => Promise<Person>;
}

async function open(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext(options);
  return context.newPage();
}

export const test = base.extend<Fixtures, { chatbot: Chatbot }>({
  chatbot: [
    async ({}, use) => {
      const chatbot = await Chatbot.start();
      await use(chatbot);
      await chatbot.remove();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  person: async ({ page, chatbot }, use) => {
    const person = new Person(page, await signUp(page, chatbot.url), chatbot.url);
    await use(person);
    expect(person.complaints, "errors in the browser's console").toEqual([]);
  },
  anotherDevice: async ({ browser, chatbot, contextOptions }, use) => {
    const opened: Page[] = [];
    await use(async (person, options = {}) => {
      const page = await open(browser, { ...contextOptions, ...options });
      opened.push(page);
      await signIn(page, chatbot.url, person.email);
      return new Person(page, person.email, chatbot.url);
    });
    await Promise.all(opened.map((page) => page.context().close()));
  },
  someoneElse: async ({ browser, chatbot, contextOptions }, use) => {
    const opened: Page[] = [];
    await use(async () => {
      const page = await open(browser, contextOptions);
      opened.push(page);
      return new Person(page, await signUp(page, chatbot.url), chatbot.url);
    });
    await Promise.all(opened.map((page) => page.context().close()));
  },
});

/** Whether the connection for live updates is up. */
export async function waitUntilLive(page: Page): Promise<void> {
  await expect(page.locator('[role="status"][data-state="live"]')).toBeAttached();
}

/** No rule of axe is broken (WCAG 2.2 A and AA, best practices). */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`);
  expect(found).toEqual([]);
}
