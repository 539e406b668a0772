// POSTs each line of hex from standard input, and prints each reply as one.

const readline = require("node:readline");

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const body = Buffer.from(line, "hex");
    const reply = await fetch(process.argv[2], { method: "POST", body });
    const bytes = Buffer.from(await reply.arrayBuffer());
    process.stdout.write(bytes.toString("hex") + "\n");
  }
}

main();
