import { expect, PASSWORD, signIn, signUp, test } from "../test.ts";

test("signing up, out and in again", async ({ page, chatbot }) => {
  const email = await signUp(page, chatbot.url);
  await page.goto(`${chatbot.url}/settings`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await page.goto(`${chatbot.url}/tasks`);
  await expect(page).toHaveURL(/\/login\?next=%2Ftasks/);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert").filter({ hasText: /./ }).first()).toBeVisible();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/tasks$/);
});

test("staying signed in over reloads and tabs, with no secret that a script could take", async ({ person }) => {
  const { page } = person;
  for (let reload = 0; reload < 5; reload++) await page.reload({ waitUntil: "commit" });
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const second = await page.context().newPage();
  await Promise.all([page.reload(), second.goto(`${person.url}/tasks`)]);
  await expect(second.getByRole("heading", { level: 1, name: "Tasks" })).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();

  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage, cookie: document.cookie }));
  expect(kept).not.toMatch(/eyJ|[0-9a-f]{32}\.[\w-]{40}/);
  const [cookie] = (await page.context().cookies(`${person.url}/api/auth/refresh`)).filter((each) => each.name === "todo_refresh");
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/api/auth" });
});

test("what is wrong with a new account is told at its field", async ({ page, chatbot, person }) => {
  await page.context().clearCookies();
  await page.goto(`${chatbot.url}/login`);
  await page.evaluate(() => localStorage.clear());
  await page.goto(`${chatbot.url}/register`);
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("alert").filter({ hasText: /already/i })).toBeVisible();
});

test("deleting the account ends it here and on the other device", async ({ person, anotherDevice }) => {
  const other = await anotherDevice(person);
  const { page } = person;
  await page.goto(`${person.url}/settings`);
  await page.getByRole("button", { name: "Delete my account" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("checkbox").click();
  await dialog.getByLabel(/password/i).first().fill(PASSWORD);
  await dialog.getByRole("button", { name: /Delete/ }).click();
  await expect(page.getByRole("button", { name: /Sign in|Create account/ })).toBeVisible();
  await expect(other.page.getByRole("button", { name: /Sign in|Create account/ })).toBeVisible();
  await signInIsRefused(page, person.url, person.email);
});

async function signInIsRefused(page: Parameters<typeof signIn>[0], url: string, email: string) {
  await page.goto(`${url}/login`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert").filter({ hasText: /./ }).first()).toBeVisible();
}
