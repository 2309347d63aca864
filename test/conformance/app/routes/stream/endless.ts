export const GET = () => {
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(new Uint8Array(1024));
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  });
  return new Response(body, { headers: { "content-type": "application/octet-stream" } });
};
