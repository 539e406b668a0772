/* REQ: sends each line of hex from standard input, and prints each reply as one. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

static void check(int failed, const char *what)
{
    if (failed) {
        fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
        exit(1);
    }
}

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

int main(int argc, char **argv)
{
    void *context = zmq_ctx_new();
    check(!context || argc < 2, "zmq_ctx_new");
    void *socket = zmq_socket(context, ZMQ_REQ);
    check(!socket, "zmq_socket");
    check(zmq_connect(socket, argv[1]), "zmq_connect");

    char *line = NULL;
    size_t room = 0;
    for (ssize_t length; (length = getline(&line, &room, stdin)) >= 0;) {
        size_t size = strcspn(line, "\n") / 2;
        zmq_msg_t message;
        check(zmq_msg_init_size(&message, size), "zmq_msg_init_size");
        unsigned char *data = zmq_msg_data(&message);
        for (size_t i = 0; i < size; i++)
            data[i] = digit(line[2 * i]) << 4 | digit(line[2 * i + 1]);
        check(zmq_msg_send(&message, socket, 0) < 0, "zmq_msg_send");

        check(zmq_msg_init(&message), "zmq_msg_init");
        check(zmq_msg_recv(&message, socket, 0) < 0, "zmq_msg_recv");
        data = zmq_msg_data(&message);
        for (size_t i = 0; i < zmq_msg_size(&message); i++)
            printf("%02x", data[i]);
        putchar('\n');
        fflush(stdout);
        zmq_msg_close(&message);
    }
    free(line);
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
