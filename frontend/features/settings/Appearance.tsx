"use client";
import { useState } from "react";
import { setTheme, theme } from "@/features/shell/theme";
import { Segments } from "@/ui/bits";
import { Section } from "./Section";
import styles from "./settings.module.css";

export function Appearance() {
  const [chosen, setChosen] = useState(theme);
  return (
    <Section title="Appearance" about="On this device.">
      <div className={styles.line}>
        <Segments
          label="Colour scheme"
          value={chosen}
          options={[
            { value: "system", label: "As the system" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
          onChange={(next) => {
            setTheme(next);
            setChosen(next);
          }}
        />
      </div>
    </Section>
  );
}
