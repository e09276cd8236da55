import type { NextConfig } from "next";

// `next dev` passes API calls on to a running `make up`; the export is served beside the API by components/web.
const api = process.env.TODO_API ?? "http://127.0.0.1:3000";

const config: NextConfig =
  process.env.NODE_ENV === "development"
    ? { rewrites: async () => [{ source: "/api/:path*", destination: `${api}/api/:path*` }], devIndicators: false, allowedDevOrigins: ["127.0.0.1"] }
    : { output: "export" };

export default config;
