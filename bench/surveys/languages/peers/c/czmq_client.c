/* REQ: sends each line of hex from standard input, and prints each reply as one. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <czmq.h>

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

int main(int argc, char **argv)
{
    zsock_t *socket = argc < 2 ? NULL : zsock_new_req(argv[1]);
    if (!socket) {
        fprintf(stderr, "zsock_new_req: %s\n", zmq_strerror(zmq_errno()));
        return 1;
    }
    char *line = NULL;
    size_t room = 0;
    for (ssize_t length; (length = getline(&line, &room, stdin)) >= 0;) {
        size_t size = strcspn(line, "\n") / 2;
        zframe_t *frame = zframe_new(NULL, size);
        byte *data = zframe_data(frame);
        for (size_t i = 0; i < size; i++)
            data[i] = digit(line[2 * i]) << 4 | digit(line[2 * i + 1]);
        if (zframe_send(&frame, socket, 0) || !(frame = zframe_recv(socket))) {
            fprintf(stderr, "zframe: %s\n", zmq_strerror(zmq_errno()));
            return 1;
        }
        data = zframe_data(frame);
        for (size_t i = 0; i < zframe_size(frame); i++)
            printf("%02x", data[i]);
        putchar('\n');
        fflush(stdout);
        zframe_destroy(&frame);
    }
    free(line);
    zsock_destroy(&socket);
    return 0;
}
