import { conforms } from "./run.ts";

conforms({ target: "node" }, "node, started a second time,");
