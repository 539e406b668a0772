/* An echo server inside a program that does something else, over HTTP. */
const { once } = require("node:events");
const { createServer } = require("node:http");
const { buffer } = require("node:stream/consumers");

exports.start = async function start(address) {
  const server = createServer(echo);
  await once(server.listen(address), "listening");
  async function stop() {
    server.closeAllConnections();
    await once(server.close(), "close");
  }
  return { bound: server.address(), stop };
};

function echo(request, response) {
  const gone = () => response.destroy(); // the client, before it had sent everything
  buffer(request).then((body) => response.end(body), gone);
}
