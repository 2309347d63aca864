export const GET = () => {
  let pulls = 0;
  const body = new ReadableStream({
    async pull(controller) {
      if (pulls++ === 0) return controller.enqueue(new TextEncoder().encode("begun"));
      await new Promise((resolve) => setTimeout(resolve, 150));
      controller.error(new Error("midway"));
    },
  });
  return new Response(body, { headers: { "content-type": "application/octet-stream" } });
};
