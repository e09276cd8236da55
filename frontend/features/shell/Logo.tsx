/** The mark: a speech bubble that is a ticked box. */
export function Logo({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden>
      <path d="M6 2.5h12A3.5 3.5 0 0 1 21.5 6v9.5A3.5 3.5 0 0 1 18 19h-5.5L7 22.5V19H6a3.5 3.5 0 0 1-3.5-3.5V6A3.5 3.5 0 0 1 6 2.5Z" fill="var(--accent)" />
      <path d="m7.5 10.8 3.1 3.1 6-6.6" stroke="var(--on-accent)" strokeWidth="2.2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
