/* A server that answers as it should, on the exhibits' own sockets. */
#include "../../../../implementations/raw_socket/connections.h"

static inline void serve_client(struct inbox *client, void *context)
{
    handle_fn **handle = context;
    struct message request;
    while (receive(client, &request) == 1) {
        (*handle)(request.data, request.size);
        send_message(client->fd, request);
    }
}
