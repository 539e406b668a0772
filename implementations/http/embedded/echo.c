/* An echo server inside a program that does something else, over HTTP.
 *
 * libmicrohttpd, with a thread of its own for all clients. It calls echo() when the head of
 * a request is there, for each piece of its body, and at its end.
 */
#include <microhttpd.h>
#include <netdb.h>

#include "buffer.h"
#include "embedded.h"

static enum MHD_Result echo(void *unused, struct MHD_Connection *client, const char *path,
                            const char *method, const char *version, const char *piece,
                            size_t *size, void **request)
{
    (void)unused, (void)path, (void)method, (void)version;
    struct buffer *body = *request;
    if (!body) {
        *request = body = calloc(1, sizeof *body);
        if (!body)
            fail("calloc", strerror(errno));
        return MHD_YES;
    }
    if (*size) {
        append(body, piece, *size);
        *size = 0;
        return MHD_YES;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body->size, body->data, MHD_RESPMEM_MUST_FREE);
    if (!response)
        fail("MHD_create_response_from_buffer", strerror(errno));
    body->data = NULL; /* it is the response's now */
    const enum MHD_Result queued = MHD_queue_response(client, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

static void forget(void *unused, struct MHD_Connection *client, void **request,
                   enum MHD_RequestTerminationCode how)
{
    (void)unused, (void)client, (void)how;
    struct buffer *body = *request;
    if (body)
        free(body->data);
    free(body);
}

static struct addrinfo *resolve(const struct server_address *address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    const int error = getaddrinfo(address->host, address->port, &hints, &found);
    if (error)
        fail("getaddrinfo", gai_strerror(error));
    return found;
}

struct server *start(const struct server_address *address, struct bound *bound)
{
    struct addrinfo *at = resolve(address);
    struct MHD_Daemon *server = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG
            | (at->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0),
        0, NULL, NULL, echo, NULL, MHD_OPTION_SOCK_ADDR, at->ai_addr,
        MHD_OPTION_NOTIFY_COMPLETED, forget, NULL, MHD_OPTION_END);
    if (!server)
        fail("MHD_start_daemon", strerror(errno));
    freeaddrinfo(at);
    bound->port = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port;
    return (struct server *)server;
}

void stop(struct server *server)
{
    MHD_stop_daemon((struct MHD_Daemon *)server);
}
