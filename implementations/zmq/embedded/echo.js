/* An echo server inside a program that does something else, over ZMTP. */
const { Reply } = require("zeromq");

exports.start = async function start(address) {
  const socket = new Reply({ linger: 1000 }); // for a reply on its way
  await socket.bind(address);
  const served = echo(socket);
  async function stop() {
    socket.close();
    await served;
  }
  return { address: socket.lastEndpoint, stop };
};

async function echo(socket) {
  for await (const parts of socket) await socket.send(parts);
}
