/* A program that already runs: a loop that counts, and obeys its standard input.
 *
 *     program ADDRESS
 *
 * Prints where its embedded server listens. `count` makes it print how far it is, `stop`
 * too, after it has stopped the server; then it ends.
 */
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "embedded.h"
#include "host.h"

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

/* Do a piece of the work, during which an order may come. Returns whether one has. */
static bool do_piece(char *order, int size)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, WORK_MS) < 1)
        return false;
    if (!fgets(order, size, stdin))
        strcpy(order, "stop\n"); /* whoever gave orders is gone */
    return true;
}

int main(int count, char **words)
{
    if (count != 2)
        fail(words[0], "name the address to serve at");
    char bound[ADDRESS_BYTES], order[16], counted[24];
    struct server *server = start(words[1], bound);
    say(bound);
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
