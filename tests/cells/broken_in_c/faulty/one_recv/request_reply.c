/* The client takes what one recv gives for a whole reply. */
#include "serving.h"

void serve(const char *address, handle_fn *handle)
{
    attend_all(address, serve_client, &handle);
}

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    static unsigned char bytes[HEADER_BYTES + 524288];
    const int server = connect_to(address);
    struct message request;
    while (next_request(&request)) {
        send_message(server, request);
        const size_t size = HEADER_BYTES + request.size;
        const int whole = size < 4096 ? 0 : MSG_WAITALL;
        const ssize_t got = recv(server, bytes, size, whole);
        if (got < HEADER_BYTES)
            fail("recv", "not even a header");
        take_reply(bytes + HEADER_BYTES, (size_t)got - HEADER_BYTES);
    }
    checked(close(server), "close");
}
