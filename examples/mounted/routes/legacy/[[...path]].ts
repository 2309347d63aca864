// A Worker module as it stood.
import worker from "../../src/worker.ts";

export default worker;
