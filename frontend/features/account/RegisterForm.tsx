"use client";
import Link from "next/link";
import { register } from "@/sync/session";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import styles from "./account.module.css";
import { PasswordField } from "./PasswordField";
import { useAuthForm } from "./useAuthForm";
import { useOtherForm } from "./useOtherForm";

const LABELS = { username: "Name", email: "E-mail address", password: "Password" };

export function RegisterForm() {
  const { formProps, problems, isReady, isWaiting, prepare } = useAuthForm({
    labels: LABELS,
    submit: ({ email = "", username = "", password = "" }) => register({ email: email.trim(), username: username.trim(), password }),
    explain: ({ status }) => (status === 409 ? { fields: { email: "This address already has an account. Sign in instead, or use another one." } } : null),
  });
  const signIn = useOtherForm("/login");
  return (
    <>
      <h1 className={styles.title}>Create an account</h1>
      <form {...formProps} className={styles.form} onFocus={prepare}>
        {problems.form ? (
          <p className={styles.problem} role="alert">
            {problems.form}
          </p>
        ) : null}
        <TextField label={LABELS.username} name="username" autoComplete="name" maxLength={50} error={problems.fields.username} />
        <TextField label={LABELS.email} name="email" type="email" inputMode="email" autoComplete="username" autoCapitalize="none" spellCheck={false} error={problems.fields.email} />
        <PasswordField label={LABELS.password} name="password" autoComplete="new-password" hint="At least 8 characters." error={problems.fields.password} />
        <Button type="submit" variant="primary" className={styles.submit} disabled={!isReady} aria-busy={isWaiting}>
          {isWaiting ? "Creating your account…" : "Create account"}
        </Button>
      </form>
      <p className={styles.other}>
        Already have one?{" "}
        <Link href={signIn} prefetch={false}>
          Sign in
        </Link>
      </p>
    </>
  );
}
