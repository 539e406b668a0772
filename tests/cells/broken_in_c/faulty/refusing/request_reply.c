/* The server finds that it cannot go on. */
#include "serving.h"

void serve(const char *address, handle_fn *handle)
{
    const int listener = listen_at(address);
    const int client = accept_from(listener);
    checked(recv(client + 1000, NULL, 0, 0) == -1 && handle ? -1 : 0, "recv");
}

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    struct inbox server = {.fd = connect_to(address)};
    struct message message;
    while (next_request(&message) && send_message(server.fd, message))
        if (receive(&server, &message) == 1)
            take_reply(message.data, message.size);
}
