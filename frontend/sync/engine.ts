/** Runs what keeps a person's data here and at the server the same, while they are signed in. */
import { ApiProblem } from "@/api/client";
import { Database, forget } from "./database";
import { list, catchUp } from "./load";
import { Outbox } from "./outbox";
import { NOTHING, Replica, type Told } from "./replica";
import { server } from "./server";
import { setRunning, show, useLink } from "./state";
import { type Channel, openChannel, tabId } from "./tabs";
import type { User } from "./types";

interface Engine {
  userId: string;
  database: Database;
  replica: Replica;
  outbox: Outbox;
  channel: Channel<Told>;
}

let engine: Promise<Engine> | null = null;
let engineOf: string | null = null;

async function open(userId: string): Promise<Engine> {
  const database = await Database.open(userId);
  const replica = new Replica(userId, database, show, (told) => channel.post(told));
  const channel = openChannel<Told>(`todo-${userId}`, (told) => void replica.hear(told));
  const outbox = new Outbox(replica, server, (change) => change.tab === tabId, (problem) => {
    useLink.setState({ error: problem && problem.status !== 0 ? problem.detail : null });
  });
  return { userId, database, replica, outbox, channel };
}

function engineFor(userId: string): Promise<Engine> {
  if (engineOf !== userId || !engine) {
    engineOf = userId;
    engine = open(userId);
  }
  return engine;
}

/** The person as this device knows them, and their tasks on the screen; null where it keeps nothing. */
export async function stored(userId: string): Promise<User | null> {
  const { replica } = await engineFor(userId);
  const meta = await replica.load();
  return (meta.user as User | undefined) ?? null;
}

let begun: string | null = null;

/** The person is signed in. */
export async function begin(user: User): Promise<void> {
  const { replica, outbox } = await engineFor(user.id);
  void replica.remember({ user });
  if (begun === user.id) return;
  begun = user.id;
  await replica.load();
  setRunning({ replica, outbox });
  outbox.kick();
  window.addEventListener("online", reconnect);
  window.addEventListener("offline", () => useLink.setState({ state: "offline" }));
  await reconnect();
}

async function reconnect(): Promise<void> {
  if (!engine) return;
  const { replica, outbox } = await engine;
  useLink.setState({ state: "connecting", loading: replica.state.tasks.size === 0 });
  outbox.kick();
  try {
    await catchUp(replica, list);
    useLink.setState({ state: "live", error: null });
  } catch (error) {
    useLink.setState({ state: "offline", error: error instanceof ApiProblem && error.status !== 0 ? error.detail : null });
  }
  useLink.setState({ loading: false });
}

/** The person is signed out: what is kept of them goes. */
export async function end(userId: string): Promise<void> {
  if (engineOf !== userId || !engine) return forget(userId);
  const ending = engine;
  engine = null;
  engineOf = null;
  begun = null;
  setRunning(null);
  const { database, outbox, channel } = await ending;
  outbox.close();
  channel.close();
  database.close();
  show(NOTHING);
  await forget(userId);
}
