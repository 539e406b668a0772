// REQ: sends each line of hex from standard input, and prints each reply as one.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;

import org.zeromq.ZMQ;

class zmq_client {
    public static void main(String[] args) throws Exception {
        ZMQ.Context context = ZMQ.context(1);
        ZMQ.Socket socket = context.socket(ZMQ.REQ);
        socket.connect(args[0]);
        HexFormat hex = HexFormat.of();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null;) {
            socket.send(hex.parseHex(line), 0);
            System.out.println(hex.formatHex(socket.recv(0)));
        }
        socket.close();
        context.term();
    }
}
