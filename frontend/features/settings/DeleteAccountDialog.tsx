"use client";
import { type FormEvent, useState } from "react";
import { ApiProblem } from "@/api/client";
import { PasswordField } from "@/features/account/PasswordField";
import { problemInWords } from "@/features/account/problems";
import { forgetConversation } from "@/features/chat/store";
import { disablePush } from "@/features/notifications/push";
import { deleteAccount, useSession } from "@/sync/session";
import { useTasks } from "@/sync/tasks";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import styles from "./settings.module.css";

const FORM = "delete-account";

/** Says what goes, and takes the password as the confirmation. */
export function DeleteAccountDialog({ onClose }: { onClose: () => void }) {
  const { user } = useSession();
  const count = useTasks().length;
  const [password, setPassword] = useState("");
  const [isSure, setSure] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  async function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (!user || isBusy || !password || !isSure) return;
    setBusy(true);
    setWrong(null);
    setProblem(null);
    try {
      await deleteAccount(password);
      forgetConversation(user.id);
      await disablePush().catch(() => {});
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiProblem && error.status === 403) setWrong("The password is wrong.");
      else setProblem(problemInWords(error));
    }
  }

  return (
    <Dialog
      open
      onOpenChange={(isOpen) => !isOpen && !isBusy && onClose()}
      title="Delete my account"
      footer={
        <>
          <Button variant="quiet" onClick={onClose} disabled={isBusy}>
            Keep it
          </Button>
          <Button type="submit" form={FORM} variant="danger" disabled={!password || !isSure || isBusy}>
            {isBusy ? "Deleting…" : "Delete for good"}
          </Button>
        </>
      }
    >
      <form id={FORM} className={styles.dialogForm} onSubmit={(event) => void onSubmit(event)}>
        <p>This cannot be taken back. Gone will be:</p>
        <ul className={styles.losses}>
          <li>your account {user?.email}, on every device</li>
          <li>{count === 1 ? "your task" : `all ${count} tasks`} with their reminders</li>
          <li>your notifications and conversations with the chatbot</li>
          <li>what the history says about you; only its checksums stay</li>
        </ul>
        <PasswordField label="Your password" name="password" autoComplete="current-password" value={password} error={wrong} onChange={(event) => setPassword(event.target.value)} />
        <label className={styles.confirm}>
          <input type="checkbox" checked={isSure} onChange={(event) => setSure(event.target.checked)} />
          Delete everything, I do not need it any more
        </label>
        {problem ? (
          <p className={styles.warning} role="alert">
            {problem}
          </p>
        ) : null}
      </form>
    </Dialog>
  );
}
