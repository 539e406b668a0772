/* An echo server inside a program that does something else, over HTTP. */
const { once } = require("node:events");
const { createServer } = require("node:http");
const { buffer } = require("node:stream/consumers");

exports.start = async function start(address) {
  const url = new URL(address);
  const server = createServer(echo);
  const tcp = { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port };
  await once(server.listen(url.protocol === "ipc:" ? url.pathname : tcp), "listening");
  url.port &&= server.address().port; // a path has none
  async function stop() {
    server.closeAllConnections();
    await once(server.close(), "close");
  }
  return { address: url.href, stop };
};

function echo(request, response) {
  const gone = () => response.destroy(); // the client, before it had sent everything
  buffer(request).then((body) => response.end(body), gone);
}
