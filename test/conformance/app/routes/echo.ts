import { echo } from "../lib/echo.ts";

export default echo;
