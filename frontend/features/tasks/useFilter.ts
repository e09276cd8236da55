import { useSearchParams } from "next/navigation";
import { useMemo } from "react";
import { type Filter, filterOf, queryOf } from "./filter";

const replaceFilter = (filter: Filter): void => window.history.replaceState(null, "", queryOf(filter) || window.location.pathname);

/** The filter in the address and what replaces it. Its caller stands in a `Suspense`. */
export function useFilter(): [Filter, (filter: Filter) => void] {
  const params = useSearchParams();
  return [useMemo(() => filterOf(params), [params]), replaceFilter];
}
