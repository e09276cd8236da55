"use client";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const NEAR = 48;

/**
 * Keeps a list that grows at its end there, unless the person scrolled away; their own message (`isOwn`) brings them back.
 * `isAway`: something new came where they do not see it.
 */
export function useStayAtEnd(items: readonly unknown[], isOwn: boolean) {
  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const count = useRef(0);
  const [isAway, setAway] = useState(false);

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
    isAtEnd.current = true;
    setAway(false);
  }, []);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const onScroll = () => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
      if (isAtEnd.current) setAway(false);
    };
    // Cards and lists change after they came, and the field below grows.
    const observer = new ResizeObserver(() => isAtEnd.current && toEnd());
    element.addEventListener("scroll", onScroll, { passive: true });
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => {
      element.removeEventListener("scroll", onScroll);
      observer.disconnect();
    };
  }, [toEnd]);

  useLayoutEffect(() => {
    const hasMore = items.length > count.current;
    count.current = items.length;
    if (!hasMore) return;
    if (isAtEnd.current || isOwn) toEnd();
    else setAway(true);
  }, [items, isOwn, toEnd]);

  return { scroller, isAway, toEnd };
}
