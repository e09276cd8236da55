"use client";
export function RegisterForm() {
  return <h1>Create an account</h1>;
}
