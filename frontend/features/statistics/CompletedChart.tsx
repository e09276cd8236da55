"use client";
import { useState } from "react";
import { type Day, formatDay } from "@/features/time/zone";
import styles from "./statistics.module.css";

const HEIGHT = 160;
const STEP = 24;
const BAR = 16;

interface Completed {
  date: Day;
  count: number;
}

/** The first round number that is at least `most` and has a half: 4, 6, 10, 20, 40, … */
function ceilingOf(most: number): number {
  if (most <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 6, 10].map((factor) => factor * power).find((round) => round >= most) ?? most;
}

/**
 * Bars of the tasks completed each day. Drawn by hand: for these bars a chart library weighs 107 kB compressed. The table
 * says the same to screen readers.
 */
export function CompletedChart({ days }: { days: Completed[] }) {
  const [pointed, setPointed] = useState<Completed | null>(null);
  const top = ceilingOf(Math.max(...days.map(({ count }) => count)));
  const width = days.length * STEP;
  const heightOf = (count: number) => (count / top) * HEIGHT;
  const long = (date: Day) => formatDay(date, { weekday: "short", day: "numeric", month: "short" });
  return (
    <figure className={styles.chart}>
      <div className={styles.plot} aria-hidden onPointerLeave={() => setPointed(null)}>
        <span className={styles.scale}>{top}</span>
        <span className={styles.scale} data-at="middle">
          {top / 2}
        </span>
        <svg viewBox={`0 0 ${width} ${HEIGHT}`} preserveAspectRatio="none" className={styles.svg}>
          {[0, 0.5, 1].map((part) => (
            <line key={part} x1={0} x2={width} y1={part * HEIGHT} y2={part * HEIGHT} className={styles.grid} vectorEffect="non-scaling-stroke" />
          ))}
          {days.map((day, index) => (
            <g key={day.date} className={styles.day} data-pointed={pointed?.date === day.date} onPointerEnter={() => setPointed(day)}>
              <rect x={index * STEP} y={0} width={STEP} height={HEIGHT} className={styles.hit} />
              <rect x={index * STEP + (STEP - BAR) / 2} y={HEIGHT - heightOf(day.count)} width={BAR} height={heightOf(day.count)} className={styles.bar} />
            </g>
          ))}
        </svg>
      </div>
      <p className={styles.axis} aria-hidden>
        <span>{long(days[0]?.date ?? "")}</span>
        <span className={styles.pointed}>{pointed ? `${long(pointed.date)}: ${pointed.count} completed` : ""}</span>
        <span>Today</span>
      </p>
      {/* A table is as wide as its cells, whatever its class says. */}
      <div className="visually-hidden">
        <table>
          <caption>Tasks completed on each of the last {days.length} days; days without any are left out</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Completed</th>
            </tr>
          </thead>
          <tbody>
            {days
              .filter(({ count }) => count > 0)
              .map(({ date, count }) => (
                <tr key={date}>
                  <th scope="row">{formatDay(date, { weekday: "long", day: "numeric", month: "long" })}</th>
                  <td>{count}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
