/* A client that asks as it should. */
#include "serving.h"

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    struct inbox server = {.fd = connect_to(address)};
    struct message request, reply;
    while (next_request(&request)) {
        send_message(server.fd, request);
        if (receive(&server, &reply) != 1)
            break;
        take_reply(reply.data, reply.size);
    }
    close_inbox(&server);
}
