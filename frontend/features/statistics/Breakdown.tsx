import { useId } from "react";
import styles from "./statistics.module.css";

/** How a whole is made up: a table whose rows are bars. */
export function Breakdown({ title, rows, total }: { title: string; rows: { key: string; name: string; count: number }[]; total: number }) {
  const id = useId();
  const percent = (count: number) => (total > 0 ? (count / total) * 100 : 0);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <table className={styles.breakdown}>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{title}</th>
            <th scope="col">Share</th>
            <th scope="col">Tasks</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, count }) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              <td className={styles.shareCell}>
                <span className={styles.track} aria-hidden>
                  <span className={styles.share} data-key={key} style={{ width: `${percent(count)}%` }} />
                </span>
                <span className="visually-hidden">{Math.round(percent(count))} percent</span>
              </td>
              <td className={styles.count}>{count.toLocaleString()}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
