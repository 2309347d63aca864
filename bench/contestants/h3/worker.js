export const host = (app) => app;
