// POSTs each line of hex from standard input, and prints each reply as one.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HexFormat;

class http_client {
    public static void main(String[] args) throws Exception {
        HttpClient http = HttpClient.newHttpClient();
        HexFormat hex = HexFormat.of();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null;) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(args[0]))
                .POST(HttpRequest.BodyPublishers.ofByteArray(hex.parseHex(line)))
                .build();
            byte[] reply = http.send(request, HttpResponse.BodyHandlers.ofByteArray()).body();
            System.out.println(hex.formatHex(reply));
        }
    }
}
