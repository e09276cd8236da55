"use client";
import { Bell, CalendarClock, Flag, Repeat, Tag } from "lucide-react";
import { PRIORITIES, PRIORITY_NAMES, type Priority, PriorityLabel } from "@/features/tasks/marks";
import { useToday, useZone } from "@/features/time/useNow";
import { dueInWords } from "@/features/time/zone";
import type { TaskPatchInput } from "@/sync/tasks";
import { Menu, MenuRadioGroup } from "@/ui/menu";
import { notify } from "@/ui/notify";
import { DueEditor } from "./DueEditor";
import styles from "./editors.module.css";
import { Property, propertyTrigger } from "./Property";
import { RecurrenceEditor } from "./RecurrenceEditor";
import { remindersInWords } from "./reminders";
import { RemindersEditor } from "./RemindersEditor";
import { patternInWords } from "./rule";
import { TagsEditor } from "./TagsEditor";
import { refusalOf } from "./usePreview";

/** The fields that the editors change. */
export interface PropertyValues {
  priority: Priority;
  due_date: string | null;
  tags: string[];
  recurrence_pattern: string | null;
  recurrence_from: "due_date" | "completion";
  reminders: string[];
}

export type PropertyPatch = Pick<TaskPatchInput, "priority" | "due_date" | "tags" | "recurrence_pattern" | "recurrence_from" | "reminders">;

interface PropertyFieldsProps {
  values: PropertyValues;
  /** `saw` has the values from which the person began. */
  onChange: (patch: PropertyPatch, saw?: PropertyPatch) => void;
  /** In a line of chips. */
  isChip?: boolean;
}

const ICON = { size: 16, strokeWidth: 1.75, "aria-hidden": true } as const;

/** A task's due date, priority, tags, recurrence and reminders, each with its editor. */
export function PropertyFields({ values, onChange, isChip }: PropertyFieldsProps) {
  const zone = useZone();
  const today = useToday();
  const { due_date, priority, tags, reminders, recurrence_pattern } = values;
  return (
    <>
      <Property
        name="Due"
        icon={<CalendarClock {...ICON} />}
        summary={due_date && dueInWords(due_date, zone, today)}
        isChip={isChip}
        value={due_date}
        onCommit={(next, saw) => onChange({ due_date: next }, { due_date: saw })}
      >
        {(draft, change, done) => <DueEditor value={draft} onChange={change} onDone={done} />}
      </Property>
      <Menu
        trigger={propertyTrigger({
          name: "Priority",
          icon: <Flag {...ICON} />,
          summary: isChip && priority === "medium" ? null : <PriorityLabel priority={priority} />,
          isChip,
        })}
      >
        <MenuRadioGroup
          label="Priority"
          value={priority}
          options={PRIORITIES.map((value) => ({ value, label: PRIORITY_NAMES[value] }))}
          onChange={(next) => onChange({ priority: next })}
        />
      </Menu>
      <Property
        name="Repeat"
        icon={<Repeat {...ICON} />}
        summary={recurrence_pattern && patternInWords(recurrence_pattern)}
        isChip={isChip}
        value={{ pattern: recurrence_pattern, from: values.recurrence_from }}
        onCommit={({ pattern, from }, saw) => {
          const text = pattern?.trim() || null;
          const reason = text && refusalOf(text, due_date, from);
          if (reason) void notify("The rule was not saved", { description: reason, error: true });
          else onChange({ recurrence_pattern: text, recurrence_from: from }, { recurrence_pattern: saw.pattern, recurrence_from: saw.from });
        }}
      >
        {(draft, change) => <RecurrenceEditor value={draft} due={due_date} onChange={change} />}
      </Property>
      <Property
        name="Reminders"
        icon={<Bell {...ICON} />}
        summary={reminders.length > 0 ? remindersInWords(reminders, zone, today) : null}
        isChip={isChip}
        value={reminders}
        onCommit={(next, saw) => onChange({ reminders: next }, { reminders: saw })}
      >
        {(draft, change) => <RemindersEditor value={draft} hasDue={due_date !== null} onChange={change} />}
      </Property>
      {isChip ? (
        <Property
          name="Tags"
          icon={<Tag {...ICON} />}
          summary={tags.length > 0 ? tags.join(", ") : null}
          isChip
          value={tags}
          onCommit={(next, saw) => onChange({ tags: next }, { tags: saw })}
        >
          {(draft, change) => (
            <div className={styles.editor}>
              <TagsEditor value={draft} onChange={change} />
            </div>
          )}
        </Property>
      ) : (
        <div className={styles.row} data-static>
          <Tag {...ICON} />
          <span className={styles.name}>Tags</span>
          <div className={styles.value}>
            <TagsEditor value={tags} onChange={(next) => onChange({ tags: next })} />
          </div>
        </div>
      )}
    </>
  );
}
