"use client";
import dynamic from "next/dynamic";
import { useState } from "react";
import { Button } from "@/ui/button";
import { Section } from "./Section";
import styles from "./settings.module.css";

const DeleteAccountDialog = dynamic(() => import("./DeleteAccountDialog").then((module) => module.DeleteAccountDialog), { ssr: false });

export function DeleteAccount() {
  const [isOpen, setOpen] = useState(false);
  return (
    <Section title="Delete my account" about="For good, with everything in it.">
      <div className={styles.line}>
        <Button className={styles.dangerous} onClick={() => setOpen(true)}>
          Delete my account
        </Button>
      </div>
      {isOpen ? <DeleteAccountDialog onClose={() => setOpen(false)} /> : null}
    </Section>
  );
}
