import { expect, test, waitUntilLive } from "../test.ts";

test("a day with the keyboard only", async ({ person }) => {
  const { page } = person;
  const main = page.getByRole("main");
  const press = (...keys: string[]) => keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
  await waitUntilLive(page);

  await press("g", "l");
  await expect(main.getByRole("heading", { level: 1, name: "Tasks" })).toBeVisible();
  for (const title of ["First", "Second"]) {
    await press("n");
    await expect(page.getByRole("dialog").getByRole("textbox").first()).toBeFocused();
    await page.keyboard.type(title);
    await press("Enter");
    await expect(main.getByText(title, { exact: true })).toBeVisible();
  }
  await press("j");
  await press("e");
  const states = async () => (await person.api<{ tasks: { status: string }[] }>("GET", "/api/tasks")).tasks.map((task) => task.status).sort();
  await expect.poll(states).toEqual(["completed", "pending"]);
  await press("Control+z");
  await expect.poll(states).toEqual(["pending", "pending"]);

  await press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await press("Escape");
  await press("Control+k");
  await expect(page.getByRole("dialog").getByRole("combobox")).toBeFocused();
  await page.keyboard.type("board");
  await press("Enter");
  await expect(main.getByRole("heading", { level: 1, name: "Board" })).toBeVisible();

  await press("c");
  await page.keyboard.type("what is due today?");
  await press("Enter");
  await expect(page.getByRole("complementary", { name: "Chat" }).getByRole("log").getByText("You: what is due today?")).toBeVisible();
});

test("the first Tab leads past the navigation", async ({ person }) => {
  const { page } = person;
  await page.goto(person.url);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});
