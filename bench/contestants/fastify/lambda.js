export { default as host } from "@fastify/aws-lambda";
