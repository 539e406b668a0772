/* A program that already runs: a loop that counts, and obeys its standard input.
 *
 *     node application.js PROGRAM ADDRESS
 *
 * PROGRAM is a file that exports start(address), which promises where it listens and a
 * function that stops it. What it prints is what application.py does. Its work is cut into
 * pieces, between which the event loop has its turn: nothing else runs beside it in Node.js.
 */
"use strict";

const path = require("node:path");
const readline = require("node:readline");
const { setTimeout: wait } = require("node:timers/promises");

const WORK_MS = 1;

async function main(program, address) {
  const { start } = require(path.resolve(program));
  const server = await start(address);
  console.log(server.address);
  let pieces = 0;
  let stopping = false;
  const orders = readline.createInterface({ input: process.stdin });
  orders.on("line", (order) => {
    stopping ||= order === "stop";
    if (!stopping) console.log(pieces);
  });
  orders.on("close", () => (stopping = true)); // whoever gave orders is gone
  while (!stopping) {
    await wait(WORK_MS);
    pieces += 1;
  }
  await server.stop();
  console.log(pieces);
  orders.close();
  process.stdin.destroy();
}

main(...process.argv.slice(2));
