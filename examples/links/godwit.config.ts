import { defineConfig, kv, memory, sqlite } from "godwit";

export default defineConfig({
  // Where a store is in memory, one function is one memory: see the README.
  grouping: "single",
  stores: {
    main: { node: sqlite(), cloudflare: kv("LINKS"), lambda: memory(), vercel: memory() },
  },
  verify: [{ method: "GET", path: "/", status: 200 }],
});
