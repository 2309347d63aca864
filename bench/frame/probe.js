/**
 * Preloaded into a contestant's server: tells over IPC what its process has used.
 * @module
 */
process.on("message", (message) => {
  if (!message?.bench) return;
  const { user, system } = process.cpuUsage();
  process.send({ bench: { cpu: user + system, rss: process.memoryUsage.rss() } });
});
process.channel?.unref();
