import { expect, expectAccessible, type Page, type Person, PHONE, test, waitUntilLive } from "../test.ts";

const VIEWS = [
  { path: "/", name: "today" },
  { path: "/upcoming", name: "upcoming" },
  { path: "/tasks", name: "tasks" },
  { path: "/calendar", name: "calendar" },
  { path: "/board", name: "board" },
  { path: "/chat", name: "chat" },
  { path: "/statistics", name: "statistics" },
  { path: "/notifications", name: "notifications" },
  { path: "/settings", name: "settings" },
];

const at = (days: number, hour: number) => {
  const day = new Date();
  day.setDate(day.getDate() + days);
  day.setHours(hour, 0, 0, 0);
  return day.toISOString();
};

/** A week as people have it. */
async function furnish(person: Person): Promise<string> {
  const rent = await person.task({ title: "Pay rent", due_date: at(0, 23), priority: "high", tags: ["home"], recurrence_pattern: "monthly", reminders: ["PT1H", "P1D"] });
  await person.task({ title: "Send the quarterly report to Marta", due_date: at(-1, 17), priority: "urgent", tags: ["work"] });
  await person.task({ title: "Call the dentist about Thursday", due_date: at(0, 22), tags: ["health"] });
  await person.task({ title: "Buy oat milk, bread and coffee", due_date: at(1, 18), priority: "low", tags: ["groceries"] });
  const review = await person.task({ title: "Review Jonas's pull request", due_date: at(2, 10), tags: ["work"] });
  await person.task({ title: "Plan the trip to Lisbon", description: "Flights before Friday, they get dear.", due_date: at(5, 12), priority: "medium", tags: ["travel"] });
  await person.task({ title: "Stand-up", due_date: at(1, 9), recurrence_pattern: "weekdays", tags: ["work"] });
  await person.task({ title: "Read the book that Ines lent me" });
  await person.api("PATCH", `/api/tasks/${review.id}`, { status: "in_progress" });
  for (const title of ["Renew the passport", "Water the plants"]) {
    const { id } = await person.task({ title });
    await person.api("POST", `/api/tasks/${id}/complete`);
  }
  return rent.id;
}

async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForLoadState("networkidle").catch(() => undefined);
}

for (const scheme of ["light", "dark"] as const) {
  for (const [device, viewport] of [["wide", { width: 1440, height: 900 }], ["phone", PHONE]] as const) {
    test(`every view, ${device}, ${scheme}`, async ({ person }) => {
      test.setTimeout(180_000);
      const { page } = person;
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize(viewport);
      const rent = await furnish(person);
      await person.api("POST", "/api/chat", { message: "what is overdue?" });
      for (const { path, name } of VIEWS) {
        await page.goto(person.url + path);
        await settled(page);
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(sideways, `${name} scrolls sideways`).toBeLessThanOrEqual(0);
        await page.screenshot({ path: `results/screens/${name}-${device}-${scheme}.png` });
        await expectAccessible(page);
      }
      await page.goto(`${person.url}/tasks?task=${rent}`);
      await expect(page.getByRole("dialog").getByLabel("Title")).toHaveValue("Pay rent");
      await page.screenshot({ path: `results/screens/task-${device}-${scheme}.png` });
      await expectAccessible(page);
    });
  }
}

test("the first page, signed out", async ({ page, chatbot }) => {
  for (const [device, viewport] of [["wide", { width: 1440, height: 900 }], ["phone", PHONE]] as const) {
    await page.setViewportSize(viewport);
    for (const path of ["/login", "/register"]) {
      await page.goto(chatbot.url + path);
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path: `results/screens${path}-${device}-light.png` });
      await expectAccessible(page);
    }
  }
});

test("tasks are in each view, and move in them", async ({ person }) => {
  const { page } = person;
  await furnish(person);
  await page.goto(person.url);
  await waitUntilLive(page);
  const main = page.getByRole("main");
  await expect(main.getByText("Send the quarterly report to Marta")).toBeVisible();
  await expect(main.getByText("Pay rent")).toBeVisible();

  await page.goto(`${person.url}/upcoming`);
  await expect(main.getByText("Plan the trip to Lisbon")).toBeVisible();

  await page.goto(`${person.url}/tasks`);
  const search = main.getByRole("searchbox");
  await search.fill("lisb");
  await expect(main.getByText("Plan the trip to")).toBeVisible();
  await expect(main.getByText("Pay rent")).toHaveCount(0);

  await page.goto(`${person.url}/board`);
  const card = main.getByText("Buy oat milk, bread and coffee");
  await card.dragTo(main.getByRole("region", { name: /In progress/ }));
  await expect(main.getByRole("region", { name: /In progress/ }).getByText("Buy oat milk, bread and coffee")).toBeVisible();
  // The page shows it before the server has it.
  const begun = async () => (await person.api<{ tasks: { title: string }[] }>("GET", "/api/tasks?status=in_progress")).tasks.map((task) => task.title);
  await expect.poll(begun).toContain("Buy oat milk, bread and coffee");

  await page.goto(`${person.url}/calendar`);
  await expect(main.getByText("Pay rent").first()).toBeVisible();
});

test("a repeating task is shown on the days on which it comes again", async ({ person }) => {
  const { page } = person;
  await person.task({ title: "Water the ferns", due_date: at(1, 9), recurrence_pattern: "FREQ=DAILY;COUNT=3" });
  await page.goto(`${person.url}/calendar`);
  const repeats = /Water the ferns ?, repeats on this day/;
  const comes = page.getByRole("button", { name: repeats });
  const day = (days: number) => page.locator(`[data-day="${new Date(Date.parse(at(days, 12))).toISOString().slice(0, 10)}"]`);
  await page.getByRole("button", { name: "Week" }).click();
  // Days of the week after are on its own leaf.
  for (const days of [2, 3]) {
    if ((await day(days).count()) === 0) await page.getByRole("button", { name: "Next week" }).click();
    await expect(day(days).getByRole("button", { name: repeats })).toBeVisible();
  }
  await expect(comes.first()).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: "results/screens/calendar-repeats.png" });
  await comes.first().click();
  await expect(page.getByRole("dialog").getByLabel("Title")).toHaveValue("Water the ferns");
  await page.keyboard.press("Escape");

  // Done, it moves on, and with it what is still to come.
  const { tasks } = await person.api<{ tasks: { id: string }[] }>("GET", "/api/tasks");
  await person.api("DELETE", `/api/tasks/${tasks[0]?.id}`);
  await expect(comes).toHaveCount(0);
});
