// REQ: sends each line of hex from standard input, and prints each reply as one.

const readline = require("node:readline");
const zmq = require("zeromq");

async function main() {
  const socket = new zmq.Request({ linger: 0 });
  socket.connect(process.argv[2]);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await socket.send(Buffer.from(line, "hex"));
    const [reply] = await socket.receive();
    process.stdout.write(reply.toString("hex") + "\n");
  }
  socket.close();
}

main();
