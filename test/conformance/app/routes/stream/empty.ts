export const GET = () =>
  new Response(new ReadableStream({ start: (controller) => controller.close() }), {
    status: 201,
    headers: { "x-empty": "yes", "content-type": "text/plain" },
  });
