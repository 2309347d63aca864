export const GET = () => new Response("got");

export const QUERY = async (request: Request) => new Response(`asked ${await request.text()}`);
