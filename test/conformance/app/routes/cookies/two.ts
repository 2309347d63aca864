export const GET = () => {
  const headers = new Headers({ "content-type": "text/plain" });
  headers.append("set-cookie", "a=1; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT");
  headers.append("set-cookie", "b=2; HttpOnly; Secure; SameSite=Lax");
  return new Response("cookies", { headers });
};
