"use client";
import Link from "next/link";
import { signIn } from "@/sync/session";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import styles from "./account.module.css";
import { PasswordField } from "./PasswordField";
import { useAuthForm } from "./useAuthForm";
import { useOtherForm } from "./useOtherForm";

const LABELS = { email: "E-mail address", password: "Password" };

export function SignInForm() {
  const { formProps, problems, isReady, isWaiting, prepare } = useAuthForm({
    labels: LABELS,
    submit: ({ email = "", password = "" }) => signIn(email.trim(), password),
    explain: ({ status }) => (status === 401 ? { form: "The e-mail address or the password is wrong." } : null),
  });
  const register = useOtherForm("/register");
  return (
    <>
      <h1 className={styles.title}>Sign in</h1>
      <form {...formProps} className={styles.form} onFocus={prepare}>
        {problems.form ? (
          <p className={styles.problem} role="alert">
            {problems.form}
          </p>
        ) : null}
        <TextField label={LABELS.email} name="email" type="email" inputMode="email" autoComplete="username" autoCapitalize="none" spellCheck={false} error={problems.fields.email} />
        <PasswordField label={LABELS.password} name="password" autoComplete="current-password" error={problems.fields.password} />
        <Button type="submit" variant="primary" className={styles.submit} disabled={!isReady} aria-busy={isWaiting}>
          {isWaiting ? "Signing in…" : "Sign in"}
        </Button>
      </form>
      <p className={styles.other}>
        New here?{" "}
        <Link href={register} prefetch={false}>
          Create an account
        </Link>
      </p>
    </>
  );
}
