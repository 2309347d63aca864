// A Hono app as it stood: Godwit calls its fetch with the full URL, the bindings and an execution context.
import { api } from "../../src/hono-app.ts";

export default api;
