import { defineConfig, durableObject, dynamodb, sqlite, upstash } from "godwit";

export default defineConfig({
  stores: {
    main: { node: sqlite(), cloudflare: durableObject("LINKS"), lambda: dynamodb("links"), vercel: upstash() },
  },
  verify: [{ method: "GET", path: "/", status: 200 }],
});
