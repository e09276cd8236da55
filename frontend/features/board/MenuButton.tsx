"use client";
import { Ellipsis } from "lucide-react";
import { lazy } from "react";
import { LazyMenu } from "@/features/tasks/LazyMenu";
import type { Task } from "@/sync/tasks";
import { IconButton } from "@/ui/button";

const load = () => import("./CardMenu");
const CardMenu = lazy(load);

/** The button of a task's menu. */
export function MenuButton({ task, className }: { task: Task; className?: string }) {
  return (
    <LazyMenu
      menu={CardMenu}
      preload={load}
      task={task}
      trigger={
        <IconButton label={`Move or change ${task.title}`} data-tip={undefined} size="small" className={className}>
          <Ellipsis size={16} aria-hidden />
        </IconButton>
      }
    />
  );
}
