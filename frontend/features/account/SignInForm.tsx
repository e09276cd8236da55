"use client";
export function SignInForm() {
  return <h1>Sign in</h1>;
}
