// Answers each POST with its body, last byte first, on the port it is given.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
)

func reverse(writer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	for i, j := 0, len(body)-1; i < j; i, j = i+1, j-1 {
		body[i], body[j] = body[j], body[i]
	}
	writer.Write(body)
}

func main() {
	http.HandleFunc("/", reverse)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
