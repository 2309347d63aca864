/** What a command's end means, everywhere. */
export const EXIT = { ok: 0, failed: 1, changes: 2, canary: 3, usage: 64, interrupted: 130 } as const;
