import { echo } from "../../lib/echo.ts";

export const GET = echo;
export const POST = echo;
