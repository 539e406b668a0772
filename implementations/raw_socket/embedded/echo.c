/* An echo server inside a program that does something else, on BSD sockets.
 *
 * Length-prefixed messages; a thread accepts, and each client has one of its own.
 */
#include "connections.h"
#include "embedded.h"
#include "framing.h"

struct server {
    int listener;
    pthread_t acceptor;
    struct connections connections;
};

static void echo(struct inbox *client, void *unused)
{
    (void)unused;
    struct message message;
    int received;
    while ((received = receive(client, &message)) == 1) {
        if (!send_message(client->fd, message)) {
            note("sendmsg"); /* this client is gone; the others stay */
            return;
        }
    }
    if (received == -1)
        note("recv");
}

static void *welcome(void *argument)
{
    struct server *server = argument;
    int fd;
    while ((fd = accept_from(server->listener)) != -1)
        add_connection(&server->connections, fd);
    return NULL;
}

struct server *start(const struct server_address *address, struct bound *bound)
{
    struct server *server = malloc(sizeof *server);
    if (!server)
        fail("malloc", strerror(errno));
    *server = (struct server){
        .listener = listen_at(address->url),
        .connections = {.lock = PTHREAD_MUTEX_INITIALIZER,
                        .left = PTHREAD_COND_INITIALIZER,
                        .attend = echo},
    };
    struct sockaddr_storage found;
    socklen_t size = sizeof found;
    CHECK(getsockname(server->listener, (struct sockaddr *)&found, &size));
    if (found.ss_family == AF_INET)
        bound->port = ntohs(((struct sockaddr_in *)&found)->sin_port);
    else if (found.ss_family == AF_INET6)
        bound->port = ntohs(((struct sockaddr_in6 *)&found)->sin6_port);
    CHECK_THREAD(pthread_create(&server->acceptor, NULL, welcome, server));
    return server;
}

void stop(struct server *server)
{
    CHECK(shutdown(server->listener, SHUT_RDWR)); /* which ends the wait in accept() */
    CHECK_THREAD(pthread_join(server->acceptor, NULL));
    end_connections(&server->connections);
    CHECK(close(server->listener));
    free(server);
}
