"use client";
import { CalendarDays, CircleCheck, Flag, RotateCcw, Tag, Trash2, X } from "lucide-react";
import { useState } from "react";
import { quickDays } from "@/features/editors/due";
import { useToday, useZone } from "@/features/time/useNow";
import type { Task } from "@/sync/tasks";
import { Button, IconButton } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Menu, MenuItem } from "@/ui/menu";
import { Popover } from "@/ui/popover";
import { addTag, complete, remove, removeTag, reopen, setDueDay, setPriority } from "./actions";
import styles from "./list.module.css";
import { isOver, PRIORITIES, PRIORITY_NAMES } from "./marks";
import { tagCounts } from "./tags";

const SHOWN_TAGS = 8;

/** Adds tags to tasks and takes them away. */
function TagChoice({ tasks }: { tasks: Task[] }) {
  const [text, setText] = useState("");
  const tag = text.trim().replace(/^#/, "").toLowerCase();
  return (
    <form
      className={styles.tagChoice}
      onSubmit={(event) => {
        event.preventDefault();
        if (tag) addTag(tasks, tag);
        setText("");
      }}
    >
      <TextField label="Add a tag" value={text} maxLength={50} autoFocus autoCapitalize="none" enterKeyHint="done" onChange={(event) => setText(event.target.value)} />
      <ul>
        {tagCounts(tasks)
          .slice(0, SHOWN_TAGS)
          .map(([name, count]) => (
            <li key={name}>
              <span className={styles.tagName}>#{name}</span>
              {count < tasks.length ? (
                <Button size="small" variant="quiet" onClick={() => addTag(tasks, name)}>
                  Add to all
                </Button>
              ) : null}
              <IconButton size="small" label={`Remove #${name}`} tipSide="left" onClick={() => removeTag(tasks, name)}>
                <X size={15} aria-hidden />
              </IconButton>
            </li>
          ))}
      </ul>
    </form>
  );
}

/** What can be done with all tasks that are selected. */
export function BulkBar({ tasks, onClear }: { tasks: Task[]; onClear: () => void }) {
  const zone = useZone();
  const today = useToday();
  const icon = { size: 17, "aria-hidden": true } as const;
  const isAllOver = tasks.every(isOver);
  return (
    <div role="toolbar" aria-label="Selected tasks" className={styles.bulk}>
      <span className={styles.bulkCount} role="status">
        {tasks.length} selected
      </span>
      {isAllOver ? null : (
        <Button size="small" variant="quiet" onClick={() => complete(tasks)} aria-label="Complete">
          <CircleCheck {...icon} />
          <span>Complete</span>
        </Button>
      )}
      {tasks.some(isOver) ? (
        <Button size="small" variant="quiet" onClick={() => reopen(tasks)} aria-label="Reopen">
          <RotateCcw {...icon} />
          <span>Reopen</span>
        </Button>
      ) : null}
      <Menu
        trigger={
          <Button size="small" variant="quiet" aria-label="Due">
            <CalendarDays {...icon} />
            <span>Due</span>
          </Button>
        }
      >
        {quickDays(today).map(({ name, day }) => (
          <MenuItem key={name} onSelect={() => setDueDay(tasks, day, zone, today)}>
            {name}
          </MenuItem>
        ))}
        <MenuItem onSelect={() => setDueDay(tasks, null, zone, today)}>No due date</MenuItem>
      </Menu>
      <Menu
        trigger={
          <Button size="small" variant="quiet" aria-label="Priority">
            <Flag {...icon} />
            <span>Priority</span>
          </Button>
        }
      >
        {PRIORITIES.map((priority) => (
          <MenuItem key={priority} onSelect={() => setPriority(tasks, priority)}>
            {PRIORITY_NAMES[priority]}
          </MenuItem>
        ))}
      </Menu>
      <Popover
        label="Tags"
        trigger={
          <Button size="small" variant="quiet" aria-label="Tags">
            <Tag {...icon} />
            <span>Tags</span>
          </Button>
        }
      >
        <TagChoice tasks={tasks} />
      </Popover>
      <Button size="small" variant="quiet" onClick={() => remove(tasks)} aria-label="Delete">
        <Trash2 {...icon} />
        <span>Delete</span>
      </Button>
      <IconButton size="small" label="Select nothing" data-tip={undefined} onClick={onClear}>
        <X {...icon} />
      </IconButton>
    </div>
  );
}
