export { default as host } from "serverless-http";
