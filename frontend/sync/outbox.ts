/** Sends this device's changes in their order, one at a time, each with one effect however often it has to be sent. */
import { ApiProblem } from "@/api/client";
import { acknowledged, dropped, nextToSend, orphaned, refused, replaced, split, standing } from "./changes";
import type { Replica } from "./replica";
import { exclusively, hasLocks } from "./tabs";
import type { Change, Task } from "./types";

/** The server, for a change. Each throws an `ApiProblem`. */
export interface Server {
  create(change: Change): Promise<Task>;
  update(change: Change): Promise<Task>;
  skip(change: Change): Promise<Task>;
  delete(change: Change): Promise<void>;
  markRead(change: Change): Promise<void>;
  read(taskId: string): Promise<Task>;
}

const [FIRST_WAIT, LONGEST_WAIT] = [1_000, 60_000];

/** What only time, the network or a sign-in can mend. */
const isPassing = ({ status }: ApiProblem): boolean => status === 0 || status >= 500 || status === 429 || status === 401;

export class Outbox {
  private running: Promise<void> | null = null;
  private isAskedAgain = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;

  constructor(
    private readonly replica: Replica,
    private readonly server: Server,
    /** Whether this tab sends the change; where there are locks any tab does. */
    private readonly isOurs: (change: Change) => boolean,
    private readonly onError: (problem: ApiProblem | null) => void,
  ) {}

  /** Sends what there is to send; at once, also where a wait goes on. */
  kick(): void {
    if (this.isClosed) return;
    clearTimeout(this.timer);
    this.isAskedAgain = true;
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  /** Resolves when nothing is being sent. */
  async settled(): Promise<void> {
    await this.running;
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    while (this.isAskedAgain && !this.isClosed) {
      this.isAskedAgain = false;
      await exclusively(`todo-outbox-${this.replica.userId}`, () => this.drain());
    }
  }

  private async drain(): Promise<void> {
    while (!this.isClosed) {
      const change = nextToSend(await this.replica.stored(), hasLocks() ? undefined : this.isOurs);
      if (!change) return;
      try {
        await this.send(change);
        this.failures = 0;
        this.onError(null);
      } catch (error) {
        this.wait(error instanceof ApiProblem ? error : new ApiProblem(0, "This device cannot send its changes"));
        return;
      }
    }
  }

  private wait(problem: ApiProblem): void {
    this.onError(problem);
    if (this.isClosed) return;
    const backoff = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures) * (0.5 + Math.random() / 2);
    this.failures += 1;
    this.timer = setTimeout(() => this.kick(), problem.retryAfter ?? backoff);
  }

  /** Sends one change or finds out why not; throws what is passing. */
  private async send(change: Change): Promise<void> {
    if (change.kind === "markRead") return this.mark(change);
    const known = this.replica.state.tasks.get(change.taskId);
    if (this.replica.isGone(change.taskId) && change.kind !== "create") return this.lose(change, known);
    let sending = change;
    if (known && known.version > change.base) {
      const now = standing(change, known);
      if (now.kind === "done") return this.replica.edit((changes) => acknowledged(changes, change.id, known));
      if (now.kind === "split") return this.replica.edit((changes) => split(changes, change.id, now.changes));
      sending = now.change;
    }
    sending = { ...sending, sent: true };
    await this.replica.edit((changes) => replaced(changes, sending));
    try {
      const task = await this.server[sending.kind](sending);
      const removed = task ? [] : [{ id: change.taskId, version: known?.version ?? 0 }];
      await this.replica.edit((changes) => acknowledged(changes, change.id, task ?? undefined), task ? [task] : [], removed);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      await this.failed(change, sending, error);
    }
  }

  /** To mark twice is to mark once; and where the notification is gone, there is nothing to tell the person. */
  private async mark(change: Change): Promise<void> {
    await this.server.markRead(change).catch((error: unknown) => {
      if (!(error instanceof ApiProblem) || isPassing(error)) throw error;
    });
    await this.replica.edit((changes) => dropped(changes, change.id));
  }

  private async failed(change: Change, sending: Change, problem: ApiProblem): Promise<void> {
    const { status } = problem;
    if (status === 412) {
      const current = await this.server.read(change.taskId).catch((error: unknown) => {
        if (error instanceof ApiProblem && error.status === 404) return null;
        throw error;
      });
      if (!current) return this.lose(change, this.replica.state.tasks.get(change.taskId));
      // Whether an earlier attempt had its effect is as unknown as before: this one had none.
      const now = standing({ ...sending, sent: change.sent }, current);
      await this.replica.edit(
        (changes) =>
          now.kind === "done"
            ? acknowledged(changes, change.id, current)
            : now.kind === "split"
              ? split(changes, change.id, now.changes)
              : replaced(changes, now.change),
        [current],
      );
      return;
    }
    if (status === 404) return this.lose(change, this.replica.state.tasks.get(change.taskId));
    // The key's task was made, and deleted elsewhere since.
    if (status === 409 && change.kind === "create") return this.lose(change, this.replica.state.tasks.get(change.taskId));
    // Nothing was done; an earlier attempt may still have been.
    if (status === 429 || status === 401) await this.replica.edit((changes) => replaced(changes, { ...sending, sent: change.sent }));
    if (isPassing(problem)) throw problem;
    const wanted = this.replica.state.view.get(change.taskId) ?? this.replica.state.tasks.get(change.taskId);
    await this.replica.edit((changes) => refused(changes, change.id, wanted, problem.detail, problem.errors));
  }

  private async lose(change: Change, last: Task | undefined): Promise<void> {
    const removed = [{ id: change.taskId, version: last?.version ?? 0 }];
    const edit = (changes: Change[]) => orphaned(changes.filter(({ id }) => change.kind !== "create" || id !== change.id), change.taskId, last);
    await this.replica.edit(edit, [], removed);
  }
}
