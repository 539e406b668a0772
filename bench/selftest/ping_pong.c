/* Round trips of libzmq and nothing else: REQ and REP, blocking, in two processes.
 *
 * `ping_pong ADDRESS` answers forever. `ping_pong ADDRESS BYTES TRIPS` makes round trips.
 * It then writes how long each took, in nanoseconds, as 64-bit integers. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>

static char data[1 << 20];

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int words, char **word)
{
    const int calls = words == 4;
    void *socket = zmq_socket(zmq_ctx_new(), calls ? ZMQ_REQ : ZMQ_REP);
    if (calls ? zmq_connect(socket, word[1]) : zmq_bind(socket, word[1]))
        return 1;
    while (!calls) {
        const int size = zmq_recv(socket, data, sizeof data, 0);
        if (size == -1 || zmq_send(socket, data, size, 0) != size)
            return 1;
    }
    const int size = atoi(word[2]), trips = atoi(word[3]);
    int64_t *took_ns = calloc(trips, sizeof *took_ns);
    for (int trip = 0; trip < trips; trip++) {
        const int64_t began_ns = now_ns();
        if (zmq_send(socket, data, size, 0) != size
            || zmq_recv(socket, data, sizeof data, 0) != size)
            return 1;
        took_ns[trip] = now_ns() - began_ns;
    }
    return fwrite(took_ns, sizeof *took_ns, trips, stdout) != (size_t)trips;
}
