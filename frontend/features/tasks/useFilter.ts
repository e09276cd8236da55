import { useSearchParams } from "next/navigation";
import { useEffect, useMemo, useRef } from "react";
import { type Filter, filterOf, queryOf } from "./filter";

const replaceFilter = (filter: Filter): void => window.history.replaceState(null, "", queryOf(filter) || window.location.pathname);

/**
 * The filter in the address and what replaces it. A task's panel that opens or closes sets an address without filters:
 * those from before are put back. Its caller stands in a `Suspense`.
 */
export function useFilter(): [Filter, (filter: Filter) => void] {
  const params = useSearchParams();
  const before = useRef(params);
  const task = params.get("task");
  const rest = new URLSearchParams(params);
  rest.delete("task");
  const isOnlyPanel = rest.size === 0 && task !== before.current.get("task");
  const kept = new URLSearchParams(isOnlyPanel ? before.current : params);
  if (task) kept.set("task", task);
  else kept.delete("task");
  const query = kept.toString();

  useEffect(() => {
    before.current = new URLSearchParams(query) as typeof params;
    if (isOnlyPanel && query !== params.toString()) window.history.replaceState(null, "", query ? `?${query}` : window.location.pathname);
  }, [query, isOnlyPanel, params]);

  const filter = useMemo(() => filterOf(new URLSearchParams(query)), [query]);
  return [filter, replaceFilter];
}
