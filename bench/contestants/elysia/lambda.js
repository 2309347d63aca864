export { host } from "../hand-written/lambda.js";
