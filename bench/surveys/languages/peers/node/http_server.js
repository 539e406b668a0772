// Answers each POST with its body, last byte first, on the port it is given.

const http = require("node:http");

http
  .createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    response.end(Buffer.concat(parts).reverse());
  })
  .listen(Number(process.argv[2]), "127.0.0.1");
