import { conforms } from "./run.ts";

conforms({ target: "vercel" }, "vercel");
conforms({ target: "vercel", config: { runtime: "node" } }, "vercel on Node");
