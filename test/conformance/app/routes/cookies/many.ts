export const GET = () => {
  const headers = new Headers();
  for (let index = 0; index < 12; index++) headers.append("set-cookie", `c${index}=${index}`);
  return new Response(null, { status: 204, headers });
};
