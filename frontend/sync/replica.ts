/** What this device knows of a person's tasks: as the server has them, with this device's changes on top. */
import { appended, isNews, orphaned, overlay, sighted } from "./changes";
import type { Database, Step } from "./database";
import type { Change, Task } from "./types";

/** A task that is deleted, and the version that it had at least. */
export interface Removal {
  id: string;
  version: number;
}

export interface State {
  /** As the server last had them. */
  tasks: ReadonlyMap<string, Task>;
  changes: readonly Change[];
  /** What the person sees. */
  view: ReadonlyMap<string, Task>;
}

export const NOTHING: State = { tasks: new Map(), changes: [], view: new Map() };

/** What a tab tells the others after each step. */
export interface Told {
  put: readonly Task[];
  removed: readonly Removal[];
}

export class Replica {
  state: State = NOTHING;
  private readonly gone = new Map<string, number>();
  /** As they are stored. */
  private committed: readonly Change[] = [];
  /** Made in this tab and not stored yet. */
  private appending: readonly Change[] = [];

  constructor(
    readonly userId: string,
    private readonly database: Database,
    private readonly onState: (state: State) => void,
    private readonly tell: (told: Told) => void,
  ) {}

  /** Shows what is stored. */
  async load(): Promise<Record<string, unknown>> {
    const kept = await this.database.load();
    this.committed = kept.changes;
    this.learn(kept.tasks, []);
    return kept.meta;
  }

  /** Adds changes, at once for the person; resolves when they are stored, all or none. */
  async make(made: readonly Change[]): Promise<void> {
    this.appending = [...this.appending, ...made];
    this.show(this.state.tasks);
    await this.step({ changes: (changes) => appended(changes, made) }, () => {
      const stored = new Set(made);
      this.appending = this.appending.filter((each) => !stored.has(each));
    });
    this.tell({ put: [], removed: [] });
  }

  /** Edits the stored changes, with what the server said of tasks. */
  async edit(edit: (changes: Change[]) => Change[], put: readonly Task[] = [], removed: readonly Removal[] = []): Promise<void> {
    await this.step({ changes: edit, put, remove: removed.map(({ id }) => id) }, () => this.learn(put, removed, false));
    this.tell({ put, removed });
  }

  /** Takes what the server has now, in any order and as often as it comes; keeps `meta` with it. */
  async receive(put: readonly Task[], removed: readonly Removal[] = [], meta: Record<string, unknown> = {}): Promise<void> {
    const news = put.filter((task) => isNews(this.state.tasks.get(task.id), this.gone.get(task.id), task));
    const last = new Map(removed.map(({ id }) => [id, this.state.tasks.get(id)]));
    const lost = removed.filter(({ id, version }) => version >= (this.state.tasks.get(id)?.version ?? 0));
    this.learn(news, lost);
    const isTouched = (id: string) => this.state.changes.some((change) => change.taskId === id);
    const [seen, touched] = [news.filter(({ id }) => isTouched(id)), lost.filter(({ id }) => isTouched(id))];
    const edit = (changes: Change[]) => touched.reduce((list, { id }) => orphaned(list, id, last.get(id)), seen.reduce(sighted, changes));
    await this.step({ put: news, remove: lost.map(({ id }) => id), meta, changes: seen.length + touched.length > 0 ? edit : undefined });
  }

  /** Keeps a value beside the tasks. */
  async remember(meta: Record<string, unknown>): Promise<void> {
    await this.database.step({ meta });
  }

  /** Another tab did something. */
  async hear({ put, removed }: Told): Promise<void> {
    this.committed = await this.database.changes();
    this.learn(put, removed);
  }

  /** The stored changes, read anew: another tab may have sent some. */
  async stored(): Promise<readonly Change[]> {
    this.committed = await this.database.changes();
    this.show(this.state.tasks);
    return this.committed;
  }

  isGone(id: string): boolean {
    return this.gone.has(id);
  }

  private async step(step: Step, then: () => void = () => {}): Promise<void> {
    this.committed = await this.database.step(step);
    then();
    this.show(this.state.tasks);
  }

  private learn(put: readonly Task[], removed: readonly Removal[], showing = true): void {
    const tasks = new Map(this.state.tasks);
    for (const { id, version } of removed) {
      if (version < (tasks.get(id)?.version ?? 0)) continue;
      this.gone.set(id, Math.max(version, this.gone.get(id) ?? 0));
      tasks.delete(id);
    }
    for (const task of put) {
      if (!isNews(tasks.get(task.id), this.gone.get(task.id), task)) continue;
      this.gone.delete(task.id);
      tasks.set(task.id, task);
    }
    if (showing) this.show(tasks);
    else this.state = { ...this.state, tasks };
  }

  private show(tasks: ReadonlyMap<string, Task>): void {
    const stored = new Set(this.committed.map(({ id }) => id));
    const changes = appended(this.committed, this.appending.filter(({ id }) => !stored.has(id)));
    this.state = { tasks, changes, view: overlay(tasks, changes, this.userId, this.state.view) };
    this.onState(this.state);
  }
}

