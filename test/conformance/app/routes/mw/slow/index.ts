import { text } from "@godwit/core";

export const config = { timeout: "200ms" };

export const GET = () => new Promise<Response>((resolve) => setTimeout(() => resolve(text("late")), 5_000));
