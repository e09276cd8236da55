import { expect, test, waitUntilLive } from "../test.ts";

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

test("a conversation goes on on another device", async ({ person, anotherDevice }) => {
  const { page } = person;
  await waitUntilLive(page);
  const chat = page.getByRole("complementary", { name: "Chat" });
  await chat.getByRole("textbox").fill("add buy milk");
  await page.keyboard.press("Enter");
  await expect(chat.getByText(/^Added/).first()).toBeVisible();

  // Opened later, it has what was said, and goes on with it.
  const other = (await anotherDevice(person)).page;
  const there = other.getByRole("complementary", { name: "Chat" });
  await expect(there.getByText("You: add buy milk")).toBeVisible();
  await waitUntilLive(other);
  await there.getByRole("textbox").fill("make it urgent");
  await other.keyboard.press("Enter");
  await expect(there.getByText("You: make it urgent")).toBeVisible();

  // The first one shows it by itself, once.
  await expect(chat.getByText("You: make it urgent")).toHaveCount(1);
  await expect.poll(async () => (await person.api<{ tasks: { priority: string }[] }>("GET", "/api/tasks")).tasks[0]?.priority).toBe("urgent");

  // A conversation that was left for a new one does not come back.
  await chat.getByRole("button", { name: "New conversation" }).click();
  await page.reload();
  await expect(chat.getByText("What is on your mind?")).toBeVisible();
});
