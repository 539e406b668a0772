/* A program that already runs: a loop that counts, and obeys its standard input.
 *
 *     program URL
 *
 * It prints the URL at which its embedded server listens. The line `count` makes it print
 * how many pieces of work it has done. The line `stop` makes it stop the server, print the
 * same number, and end.
 */
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "embedded.h"
#include "host.h"

#define LOCAL "ipc://"

enum { WORK_MS = 1 };

static atomic_bool told_to_stop;

bool stopping(void)
{
    return told_to_stop;
}

void fail(const char *call, const char *reason)
{
    fprintf(stderr, "%s: %s\n", call, reason);
    exit(EXIT_FAILURE);
}

static void say(const char *line)
{
    if (puts(line) == EOF || fflush(stdout) == EOF)
        fail("puts", "nobody reads what this prints");
}

/* Take a URL apart: tcp://host:port, tcp://[host]:port or ipc://path. */
static struct server_address parse(const char *url)
{
    static char host[URL_BYTES], port[6];
    if (strncmp(url, LOCAL, strlen(LOCAL)) == 0)
        return (struct server_address){.url = url, .path = url + strlen(LOCAL)};
    if (sscanf(url, "tcp://[%255[^]]]:%5[0-9]", host, port) != 2
        && sscanf(url, "tcp://%255[^:]:%5[0-9]", host, port) != 2)
        fail(url, "an address is tcp://host:port or ipc://path");
    return (struct server_address){.url = url, .host = host, .port = port};
}

static void say_where(const struct server_address *address, const struct bound *bound)
{
    char url[2 * URL_BYTES];
    if (bound->url[0] || address->path) {
        say(bound->url[0] ? bound->url : address->url);
        return;
    }
    const bool colons = strchr(address->host, ':'); /* of IPv6 */
    snprintf(url, sizeof url, colons ? "tcp://[%s]:%u" : "tcp://%s:%u", address->host,
             bound->port);
    say(url);
}

/* Do a piece of work. Returns whether an order arrived meanwhile, in `order`. */
static bool do_piece(char *order, int size)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, WORK_MS) < 1)
        return false;
    if (!fgets(order, size, stdin))
        strcpy(order, "stop\n"); /* the parent is gone */
    return true;
}

int main(int count, char **words)
{
    if (count != 2)
        fail(words[0], "name the address to serve at");
    char order[16], counted[24];
    const struct server_address address = parse(words[1]);
    struct bound bound = {.port = 0};
    struct server *server = start(&address, &bound);
    say_where(&address, &bound);
    unsigned long pieces = 0;
    while (!told_to_stop) {
        pieces++;
        if (!do_piece(order, sizeof order))
            continue;
        if (strcmp(order, "stop\n") == 0) {
            told_to_stop = true;
            stop(server);
        }
        snprintf(counted, sizeof counted, "%lu", pieces);
        say(counted);
    }
}
