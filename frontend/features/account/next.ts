/** Where to go after signing in: the `next` of the address if it is a path of this page, else the first view. */
export function nextPath({ search, origin }: Pick<Location, "search" | "origin">): string {
  const wanted = new URLSearchParams(search).get("next");
  if (!wanted?.startsWith("/")) return "/";
  try {
    const url = new URL(wanted, origin);
    const isOwn = url.origin === origin && !/^\/(login|register)\/?$/.test(url.pathname);
    return isOwn ? url.pathname + url.search + url.hash : "/";
  } catch {
    return "/";
  }
}
