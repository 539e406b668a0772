/* An echo server inside a program that does something else, on BSD sockets.
 *
 * Length-prefixed messages; one event loop serves all clients.
 */
const { once } = require("node:events");
const net = require("node:net");

const HEADER_BYTES = 4;
const MAX_LENGTH = 16 * 1024 * 1024;

exports.start = async function start(address) {
  const clients = new Set();
  const server = net.createServer((client) => {
    clients.add(client);
    client.on("close", () => clients.delete(client));
    echo(client);
  });
  await once(server.listen(address), "listening");
  async function stop() {
    for (const client of clients) client.destroy();
    await once(server.close(), "close");
  }
  return { bound: server.address(), stop };
};

async function echo(client) {
  client.setNoDelay();
  try {
    for await (const message of messagesFrom(client)) {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32BE(message.length);
      if (!client.write(Buffer.concat([header, message]))) await once(client, "drain");
    }
  } catch (error) {
    client.destroy(); // it alone is gone, unless stop() had closed it
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") console.error(error.message);
  }
}

async function* messagesFrom(client) {
  let pieces = [];
  let there = 0;
  let wanted = HEADER_BYTES;
  for await (const piece of client) {
    pieces.push(piece);
    there += piece.length;
    while (there >= wanted) {
      const bytes = Buffer.concat(pieces);
      const length = bytes.readUInt32BE();
      if (length > MAX_LENGTH) throw new RangeError("a frame that is too long");
      wanted = HEADER_BYTES + length;
      pieces = [bytes];
      if (there < wanted) break;
      yield bytes.subarray(HEADER_BYTES, wanted);
      pieces = [bytes.subarray(wanted)];
      there -= wanted;
      wanted = HEADER_BYTES;
    }
  }
  if (there > 0) throw new Error("connection closed in the middle of a message");
}
