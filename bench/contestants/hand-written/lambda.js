/** HTTP API events to Request and back, no more than the apps here need. */
export const host = (app) => async (event) => {
  const { http } = event.requestContext;
  const url = `https://${event.headers.host}${event.rawPath}${event.rawQueryString && `?${event.rawQueryString}`}`;
  const body = event.isBase64Encoded ? Buffer.from(event.body, "base64") : event.body;
  const response = await app.fetch(new Request(url, { method: http.method, headers: event.headers, body }));
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
    isBase64Encoded: false,
  };
};
