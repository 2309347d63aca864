export { toLambdaHandler as host } from "srvx/aws-lambda";
