// Answers each POST with its body, last byte first, on the port it is given.

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

class http_server {
    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            byte[] reply = new byte[body.length];
            for (int i = 0; i < body.length; i++) {
                reply[i] = body[body.length - 1 - i];
            }
            exchange.sendResponseHeaders(200, reply.length == 0 ? -1 : reply.length);
            exchange.getResponseBody().write(reply);
            exchange.close();
        });
        server.start();
    }
}
