/* An echo server inside a program that does something else, over ZMTP. */
const { Reply } = require("zeromq");

exports.start = async function start(address) {
  const socket = new Reply({ ipv6: true, linger: 1000 }); // for a reply on its way
  await socket.bind(address.url);
  const served = echo(socket);
  async function stop() {
    socket.close();
    await served;
  }
  return { bound: socket.lastEndpoint, stop };
};

async function echo(socket) {
  for await (const parts of socket) {
    if (!socket.closed) await socket.send(parts); // stop() may come in between
  }
}
