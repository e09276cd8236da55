import { expect, test, waitUntilLive } from "../test.ts";

test("a reminder that is due shows on every device, and reading it on one clears it on the other", async ({ person, anotherDevice }) => {
  const other = await anotherDevice(person);
  for (const each of [person, other]) {
    await each.page.goto(person.url);
    await waitUntilLive(each.page);
  }
  const due = new Date(Date.now() + 60 * 60 * 1000 + 2000);
  await person.task({ title: "Take the bread out", due_date: due.toISOString(), reminders: ["PT1H"] });
  for (const { page } of [person, other]) {
    await expect(page.getByRole("link", { name: /Notifications/ }).getByText("1", { exact: true })).toBeAttached({ timeout: 45_000 });
  }
  await person.page.goto(`${person.url}/notifications`);
  await person.page.getByRole("main").getByText("Take the bread out").click();
  await expect(other.page.getByRole("link", { name: /Notifications/ }).getByText("1", { exact: true })).toHaveCount(0);
});

test("a push message becomes a notification", async ({ person }) => {
  const { page } = person;
  await page.context().grantPermissions(["notifications"], { origin: person.url });
  await page.goto(person.url);
  await page.evaluate("navigator.serviceWorker.ready");
  const session = await page.context().newCDPSession(page);
  const registration = new Promise<string>((found) => {
    session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => registrations[0] && found(registrations[0].registrationId));
  });
  await session.send("ServiceWorker.enable");
  const data = JSON.stringify({ id: "n1", title: "Pay rent", body: "Due today at 17:00.", task_id: "0198c0de-0000-7000-8000-000000000002" });
  await session.send("ServiceWorker.deliverPushMessage", { origin: person.url, registrationId: await registration, data });
  const shown = () =>
    page.evaluate(async () => {
      const notifications = await (await navigator.serviceWorker.ready).getNotifications();
      return notifications.map(({ title, body, tag }) => ({ title, body, tag }));
    });
  await expect.poll(shown).toEqual([{ title: "Pay rent", body: "Due today at 17:00.", tag: "n1" }]);
});
