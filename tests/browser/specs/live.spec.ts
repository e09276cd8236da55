import { expect, test, waitUntilLive } from "../test.ts";

test("two browsers follow each other", async ({ person, anotherDevice, someoneElse }) => {
  const other = await anotherDevice(person);
  const stranger = await someoneElse();
  for (const each of [person, other, stranger]) {
    await each.page.goto(`${person.url}/tasks`);
    await waitUntilLive(each.page);
  }
  await person.page.keyboard.press("n");
  await person.page.getByRole("dialog").getByRole("textbox").first().fill("Feed the tortoise");
  await person.page.keyboard.press("Enter");
  await expect(person.page.getByRole("main").getByText("Feed the tortoise")).toBeVisible();
  await expect(other.page.getByRole("main").getByText("Feed the tortoise")).toBeVisible();

  await other.page.getByRole("checkbox", { name: "Complete Feed the tortoise" }).click();
  await expect.poll(async () => (await person.api<{ tasks: { status: string }[] }>("GET", "/api/tasks")).tasks[0]?.status).toBe("completed");
  await person.page.goto(`${person.url}/tasks?status=completed`);
  await expect(person.page.getByRole("checkbox", { name: "Reopen Feed the tortoise" })).toBeVisible();

  // What the chatbot does shows on both, too.
  await person.api("POST", "/api/chat", { message: "add buy milk tomorrow at 5pm high priority #groceries" });
  await expect(other.page.getByRole("main").getByText("buy milk", { exact: false })).toBeVisible();
  await expect(stranger.page.getByText("buy milk")).toHaveCount(0);
  await expect(stranger.page.getByText("Feed the tortoise")).toHaveCount(0);
});

test("after the server was killed and started again the page goes on", async ({ person, chatbot }) => {
  const { page } = person;
  await page.goto(`${person.url}/tasks`);
  await waitUntilLive(page);
  await chatbot.down("SIGKILL");
  await expect(page.locator('[role="status"][data-state="live"]')).toHaveCount(0);
  await page.keyboard.press("n");
  await page.getByRole("dialog").getByRole("textbox").first().fill("Made while the server was down");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main").getByText("Made while the server was down")).toBeVisible();
  await chatbot.up();
  await waitUntilLive(page);
  await expect.poll(async () => (await person.api<{ total: number }>("GET", "/api/tasks")).total).toBe(1);
});

test("what another device writes while a title is edited is not overwritten", async ({ person }) => {
  const { page } = person;
  const main = page.getByRole("main");
  const { id } = await person.task({ title: "Call Ada" });
  await page.goto(`${person.url}/tasks`);
  await waitUntilLive(page);
  const elsewhere = async (title: string) => {
    await person.api("PATCH", `/api/tasks/${id}`, { title });
    // Comes behind it.
    await person.task({ title: `After ${title}` });
    await expect(main.getByText(`After ${title}`)).toBeVisible();
  };
  const title = () => person.api<{ title: string }>("GET", `/api/tasks/${id}`).then((task) => task.title);
  const field = main.getByRole("textbox", { name: "Title", exact: true });

  await main.getByRole("button", { name: "Call Ada", exact: true }).click();
  await expect(field).toHaveValue("Call Ada");
  await elsewhere("Call Grace");
  await field.press("Enter");
  await expect(main.getByRole("button", { name: "Call Grace", exact: true })).toBeVisible();

  await main.getByRole("button", { name: "Call Grace", exact: true }).click();
  await field.fill("Call Linus");
  await elsewhere("Call Alan");
  await field.press("Enter");
  await expect(page.getByText(/was changed on two devices/)).toContainText("Alan");
  expect(await title()).toBe("Call Alan");
  await page.getByRole("button", { name: "Keep mine" }).click();
  await expect.poll(title).toBe("Call Linus");
});
