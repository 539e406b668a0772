/* An echo server inside a program that does something else, over HTTP. */
"use strict";

const { once } = require("node:events");
const { createServer } = require("node:http");
const { buffer } = require("node:stream/consumers");

exports.start = async function start(address) {
  const url = new URL(address);
  const server = createServer(echo);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  server.listen(url.protocol === "ipc:" ? url.pathname : { host, port: url.port });
  await once(server, "listening");
  if (url.protocol === "tcp:") url.port = server.address().port;
  async function stop() {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }
  return { address: url.href, stop };
};

async function echo(request, response) {
  try {
    response.end(await buffer(request));
  } catch (error) {
    console.error(error.message); // this client is gone; the others stay
    response.destroy();
  }
}
