export const GET = () => {
  const headers = new Headers({
    "X-Mixed-Case": "Kept",
    "x-empty": "",
    "x-spaces": "a  b",
    "content-type": "text/plain",
  });
  headers.append("x-list", "one");
  headers.append("x-list", "two, three");
  headers.append("vary", "accept");
  headers.append("vary", "cookie");
  return new Response("headers", { headers });
};
