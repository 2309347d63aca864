/** The request's body straight into the answer's. */
export const POST = (request: Request) =>
  new Response(request.body, { headers: { "content-type": "application/octet-stream" } });
