/**
 * The container of a built server.
 * @module
 */
import type { NodeConfig } from "./config.ts";
import type { Health } from "./health.ts";

/** `docker build dist/node` makes an image: no package manager, no root, signals straight to the server. */
export function writeDockerfile(config: NodeConfig, health: Health | undefined): string {
  const port = config.port || 3000;
  const lines = [
    `FROM ${config.image}`,
    "WORKDIR /app",
    "COPY . .",
    `ENV NODE_ENV=production PORT=${port}`,
    `EXPOSE ${port}`,
    "USER node",
  ];
  // A certificate is seldom valid for 127.0.0.1: with TLS the probe is the orchestrator's.
  if (health?.live && !config.tls) {
    const probe = `fetch("http://127.0.0.1:"+process.env.PORT+${JSON.stringify(health.live)}).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))`;
    lines.push(`HEALTHCHECK --interval=30s --timeout=3s CMD ${JSON.stringify(["node", "-e", probe])}`);
  }
  // The exec form: SIGTERM reaches the server, not a shell.
  lines.push('CMD ["node", "--enable-source-maps", "server.mjs"]');
  return `${lines.join("\n")}\n`;
}

export function writeDockerignore(): string {
  return "Dockerfile\n.dockerignore\nmanifest.json\n";
}
