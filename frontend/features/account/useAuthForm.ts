"use client";
import { useRouter } from "next/navigation";
import { type FormEvent, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { ApiProblem } from "@/api/client";
import { useSession } from "@/sync/session";
import { nextPath } from "./next";
import { fieldSentences, NO_PROBLEMS, problemInWords, type Problems } from "./problems";

const never = () => () => {};

interface AuthForm {
  /** The names of the fields, in order, and what they are called. */
  labels: Record<string, string>;
  submit: (values: Record<string, string>) => Promise<void>;
  /** What to say of an answer that is not about a field's rule. */
  explain?: (problem: ApiProblem) => Partial<Problems> | null;
}

/**
 * A form of the welcome page. Its fields are not controlled, so that what the browser fills in before the script runs is
 * kept. Whoever is signed in goes on to where they wanted to be.
 */
export function useAuthForm({ labels, submit, explain }: AuthForm) {
  const { status } = useSession();
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [problems, setProblems] = useState(NO_PROBLEMS);
  const [isBusy, setBusy] = useState(false);
  const isReady = useSyncExternalStore(never, () => true, () => false);

  useEffect(() => {
    if (status === "signed-in") router.replace(nextPath(window.location));
  }, [status, router]);

  function show(next: Problems) {
    setProblems(next);
    setBusy(false);
    const [first] = Object.keys(labels).filter((name) => next.fields[name]);
    const field = form.current?.elements.namedItem(first ?? "");
    if (field instanceof HTMLInputElement) field.focus();
  }

  async function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isBusy) return;
    const data = new FormData(event.currentTarget);
    const values = Object.fromEntries(Object.keys(labels).map((name) => [name, String(data.get(name) ?? "")]));
    const empty = Object.keys(labels).filter((name) => !values[name]?.trim());
    if (empty.length > 0) {
      show({ fields: Object.fromEntries(empty.map((name) => [name, `${labels[name]} is missing.`])), form: null });
      return;
    }
    setBusy(true);
    setProblems(NO_PROBLEMS);
    try {
      await submit(values);
    } catch (error) {
      const explained = error instanceof ApiProblem ? explain?.(error) : null;
      if (explained) show({ ...NO_PROBLEMS, ...explained });
      else if (error instanceof ApiProblem && error.status === 422 && error.errors.length > 0) {
        const fields = fieldSentences(error.errors, labels);
        const isShown = Object.keys(fields).some((name) => name in labels);
        show({ fields, form: isShown ? null : Object.values(fields).join(" ") });
      } else show({ fields: {}, form: problemInWords(error) });
    }
  }

  // Until the script runs the form cannot be sent: the browser would post the password as a page.
  const isWaiting = isBusy || status === "signed-in";
  return { formProps: { ref: form, method: "post", noValidate: true, onSubmit }, problems, isReady, isWaiting, prepare: () => router.prefetch("/") };
}
