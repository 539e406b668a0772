// POSTs each line of hex from standard input, and prints each reply as one.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		request, err := hex.DecodeString(lines.Text())
		if err != nil {
			log.Fatal(err)
		}
		reply, err := http.Post(os.Args[1], "application/octet-stream", bytes.NewReader(request))
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(reply.Body)
		if err != nil {
			log.Fatal(err)
		}
		reply.Body.Close()
		fmt.Println(hex.EncodeToString(body))
	}
}
