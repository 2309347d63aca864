export { handle as host } from "hono/aws-lambda";
