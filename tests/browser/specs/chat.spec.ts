import { expect, test } from "../test.ts";

test("a sentence becomes a task with a card, which can be undone", async ({ person }) => {
  const { page } = person;
  const chat = page.getByRole("complementary", { name: "Chat" });
  await chat.getByRole("textbox").fill("remind me to pay rent on the 1st of every month at 9, high priority #home");
  await page.keyboard.press("Enter");
  const card = chat.getByRole("listitem").filter({ hasText: /pay rent/i }).last();
  await expect(card).toBeVisible();
  await page.goto(`${person.url}/tasks`);
  await expect(page.getByRole("main").getByText(/pay rent/i).first()).toBeVisible();

  // The conversation is still there, and its cards with it.
  await chat.getByRole("button", { name: /^Undo/ }).last().click();
  await expect(page.getByRole("main").getByText(/pay rent/i)).toHaveCount(0);
  const { total } = await person.api<{ total: number }>("GET", "/api/tasks");
  expect(total).toBe(0);
});

test("what cannot be sent is not lost", async ({ person }) => {
  const { page } = person;
  const chat = page.getByRole("complementary", { name: "Chat" });
  await expect(chat.getByRole("textbox")).toBeVisible();
  await page.context().setOffline(true);
  await chat.getByRole("textbox").fill("add call the dentist");
  await page.keyboard.press("Enter");
  await expect(chat.getByText("add call the dentist").or(chat.getByRole("textbox").filter({ hasText: "dentist" })).first()).toBeVisible();
  await page.context().setOffline(false);
});
