export const GET = () => new Response(new Uint8Array([0, 255, 254, 128, 10, 13]));
