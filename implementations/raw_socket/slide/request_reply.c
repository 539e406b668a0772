/* Request/reply on BSD sockets as on a slide: no return code is checked.
 *
 * On the wire: length-prefixed frames, each request answered by one reply.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host.h"

static handle_fn *answer;

static int open_socket(const char *url, int (*attach)(int, const struct sockaddr *, socklen_t))
{
    const int on = 1;
    if (strncmp(url, "ipc://", 6) == 0) {
        struct sockaddr_un path = {.sun_family = AF_UNIX};
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        strcpy(path.sun_path, url + 6);
        attach(fd, (struct sockaddr *)&path, sizeof path);
        return fd;
    }
    char host[256], port[6];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    if (sscanf(url, "tcp://[%255[^]]]:%5s", host, port) != 2) /* no IPv6 */
        sscanf(url, "tcp://%255[^:]:%5s", host, port);
    getaddrinfo(host, port, &hints, &found);
    const int fd = socket(found->ai_family, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted ones have it too */
    attach(fd, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return fd;
}

static void send_message(int fd, struct message message)
{
    uint32_t length = htonl(message.size);
    struct iovec parts[] = {{&length, sizeof length}, {message.data, message.size}};
    sendmsg(fd, &(struct msghdr){.msg_iov = parts, .msg_iovlen = 2}, 0);
}

static bool read_all(int fd, void *data, size_t size)
{
    return size == 0 || recv(fd, data, size, MSG_WAITALL) == (ssize_t)size;
}

static bool receive(int fd, struct message *message)
{
    uint32_t length;
    if (!read_all(fd, &length, sizeof length))
        return false;
    message->size = ntohl(length);
    message->data = realloc(message->data, message->size + 1);
    return read_all(fd, message->data, message->size);
}

static void *serve_client(void *argument)
{
    const int client = (int)(intptr_t)argument;
    struct message request = {NULL, 0};
    while (receive(client, &request)) {
        answer(request.data, request.size);
        send_message(client, request);
    }
    free(request.data);
    close(client);
    return NULL;
}

void serve(const char *address, handle_fn *handle)
{
    const int listener = open_socket(address, bind);
    listen(listener, SOMAXCONN);
    answer = handle;
    for (int client; (client = accept(listener, NULL, NULL)) != -1;) {
        pthread_t thread;
        pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)client);
        pthread_detach(thread);
    }
}

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    const int server = open_socket(address, connect);
    struct message request, reply = {NULL, 0};
    while (next_request(&request)) {
        send_message(server, request);
        receive(server, &reply);
        take_reply(reply.data, reply.size);
    }
    free(reply.data);
    close(server);
}
