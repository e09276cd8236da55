"use client";
import { ArrowDown, ArrowUp, GripVertical } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Switch } from "@/ui/switch";
import { IconButton } from "@/ui/button";
import { type Channel, CHANNEL_NAMES, CHANNELS } from "./channels";
import styles from "./settings.module.css";

interface ChannelRowProps {
  channel: Channel;
  /** Among those in use; -1 where it is not. */
  place: number;
  count: number;
  state: { text: string; isProblem: boolean };
  onMove: (to: number) => void;
  onDrop: (dragged: Channel) => void;
  onToggle: (isOn: boolean) => void;
}

/** A channel: can be dragged onto another one's place, moved with the arrows, and turned off. */
export function ChannelRow({ channel, place, count, state, onMove, onDrop, onToggle }: ChannelRowProps) {
  const row = useRef<HTMLLIElement>(null);
  const drop = useRef(onDrop);
  drop.current = onDrop;
  const [isOver, setOver] = useState(false);
  const isUsed = place >= 0;

  useEffect(() => {
    const element = row.current;
    if (!element || !isUsed) return;
    let isGone = false;
    let cleanup = () => {};
    void import("@atlaskit/pragmatic-drag-and-drop/element/adapter").then(({ draggable, dropTargetForElements }) => {
      if (isGone) return;
      const ends = [
        draggable({ element, getInitialData: () => ({ channel }) }),
        dropTargetForElements({
          element,
          canDrop: ({ source }) => source.element !== element && CHANNELS.includes(source.data.channel as Channel),
          onDragEnter: () => setOver(true),
          onDragLeave: () => setOver(false),
          onDrop: ({ source }) => {
            setOver(false);
            drop.current(source.data.channel as Channel);
          },
        }),
      ];
      cleanup = () => ends.forEach((end) => end());
    });
    return () => {
      isGone = true;
      cleanup();
    };
  }, [channel, isUsed]);

  const name = CHANNEL_NAMES[channel];
  const move = (to: number) => {
    onMove(to);
    // The row moves in the page and its button may become disabled; either takes the focus away.
    requestAnimationFrame(() => {
      const [up, down] = row.current?.querySelectorAll<HTMLButtonElement>(`.${styles.arrows} button`) ?? [];
      const [wanted, other] = to < place ? [up, down] : [down, up];
      (wanted?.disabled ? other : wanted)?.focus();
    });
  };
  return (
    <li ref={row} className={styles.channel} data-used={isUsed} data-over={isOver}>
      <GripVertical size={16} className={styles.grip} aria-hidden />
      <span className={styles.channelText}>
        <span className={styles.channelName}>{name}</span>
        <span className={styles.channelState} data-problem={state.isProblem}>
          {state.text}
        </span>
      </span>
      {isUsed ? (
        <span className={styles.arrows}>
          <IconButton size="small" label={`Move up: ${name}`} tipSide="left" disabled={place === 0} onClick={() => move(place - 1)}>
            <ArrowUp size={16} aria-hidden />
          </IconButton>
          <IconButton size="small" label={`Move down: ${name}`} tipSide="left" disabled={place === count - 1} onClick={() => move(place + 1)}>
            <ArrowDown size={16} aria-hidden />
          </IconButton>
        </span>
      ) : null}
      {channel === "in_app" ? <span className={styles.always}>Always</span> : <Switch label={name} checked={isUsed} onChange={onToggle} />}
    </li>
  );
}
