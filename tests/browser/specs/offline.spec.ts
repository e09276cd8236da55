import { expect, test, waitUntilLive } from "../test.ts";

const ready = "navigator.serviceWorker.ready.then((registration) => registration.active?.state)";

test("offline the page opens, reads and takes changes, and sends them when it is back", async ({ person }) => {
  const { page } = person;
  await person.task({ title: "Known before", due_date: new Date(Date.now() + 86_400_000).toISOString() });
  await page.goto(`${person.url}/tasks`);
  await expect(page.getByRole("main").getByText("Known before")).toBeVisible();
  await expect.poll(() => page.evaluate(ready)).toBe("activated");

  await page.context().setOffline(true);
  await page.reload();
  await expect(page.getByRole("main").getByText("Known before")).toBeVisible();
  await expect(page.getByText("You are offline.")).toBeVisible();
  await page.keyboard.press("n");
  await page.getByRole("dialog").getByRole("textbox").first().fill("Made offline");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main").getByText("Made offline")).toBeVisible();
  await page.getByRole("checkbox", { name: "Complete Known before" }).click();
  await page.goto(`${person.url}/board`);
  await expect(page.getByRole("main").getByText("Made offline")).toBeVisible();
  await page.reload();
  await expect(page.getByText("2 changes wait on this device")).toBeVisible();

  await page.context().setOffline(false);
  await waitUntilLive(page);
  const states = async () => {
    const { tasks } = await person.api<{ tasks: { title: string; status: string }[] }>("GET", "/api/tasks");
    return Object.fromEntries(tasks.map(({ title, status }) => [title, status]));
  };
  await expect.poll(states).toEqual({ "Known before": "completed", "Made offline": "pending" });
  await expect(page.getByText("You are offline.")).toHaveCount(0);
});

test("offline notifications can be marked as read, which the server hears when it is back", async ({ person }) => {
  const { page } = person;
  await page.goto(`${person.url}/notifications`);
  await waitUntilLive(page);
  const due = new Date(Date.now() + 60 * 60 * 1000 + 2000);
  await person.task({ title: "Take the bread out", due_date: due.toISOString(), reminders: ["PT1H"] });
  const badge = page.getByRole("link", { name: /Notifications/ }).getByText("1", { exact: true });
  await expect(badge).toBeAttached({ timeout: 45_000 });
  await expect.poll(() => page.evaluate(ready)).toBe("activated");

  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Mark all read" }).click();
  await expect(badge).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("main").getByText("Take the bread out")).toBeVisible();
  await expect(page.getByText("1 change waits on this device")).toBeVisible();
  await expect(badge).toHaveCount(0);

  await page.context().setOffline(false);
  await waitUntilLive(page);
  const readAt = async () => {
    const { notifications } = await person.api<{ notifications: { read_at: string | null }[] }>("GET", "/api/notifications");
    return notifications.map(({ read_at }) => read_at);
  };
  await expect.poll(readAt).toEqual([expect.any(String)]);
  await expect(page.getByText("1 change waits on this device")).toHaveCount(0);
  await expect(badge).toHaveCount(0);
});

test("changes of the same field on two devices are shown, others merge", async ({ person, anotherDevice }) => {
  const other = await anotherDevice(person);
  const task = await person.task({ title: "Plan the trip", priority: "low" });
  for (const each of [person, other]) {
    await each.page.goto(`${person.url}/tasks?task=${task.id}`);
    await expect(each.page.getByRole("dialog").getByLabel("Title")).toHaveValue("Plan the trip");
  }
  await person.page.context().setOffline(true);
  const title = person.page.getByRole("dialog").getByLabel("Title");
  await title.fill("Plan the trip to Rome");
  await title.press("Enter");
  await person.api("PATCH", `/api/tasks/${task.id}`, { title: "Plan the trip to Oslo", priority: "high" });
  await expect(other.page.getByRole("dialog").getByLabel("Title")).toHaveValue("Plan the trip to Oslo");
  await person.page.context().setOffline(false);

  const conflict = person.page.getByText(/was changed on two devices/);
  await expect(conflict).toContainText("Oslo");
  await person.page.keyboard.press("Escape");
  await person.page.getByRole("button", { name: "Keep mine" }).click();
  await expect(conflict).toHaveCount(0);
  const now = () => person.api<{ title: string; priority: string }>("GET", `/api/tasks/${task.id}`);
  await expect.poll(now).toMatchObject({ title: "Plan the trip to Rome", priority: "high" });
  await expect(other.page.getByRole("dialog").getByLabel("Title")).toHaveValue("Plan the trip to Rome");
});
