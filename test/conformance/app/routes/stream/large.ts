/** Two megabytes in pieces of 64 KiB, each a byte value of its own. */
export const GET = () => {
  let piece = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (piece === 32) controller.close();
      else controller.enqueue(new Uint8Array(65_536).fill(piece++));
    },
  });
  return new Response(body, { headers: { "content-type": "application/octet-stream" } });
};
