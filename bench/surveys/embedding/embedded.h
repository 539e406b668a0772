/* The functions of an embedded server in C, for a program that already runs. */
#ifndef NOMIDDLE_EMBEDDED_H
#define NOMIDDLE_EMBEDDED_H

enum { URL_BYTES = 256 };

struct server;

/* Where to serve. Some libraries take the URL, most take host and port as getaddrinfo()
 * does, or a path. Parts that the URL does not have are NULL. */
struct server_address {
    const char *url, *host, *port, *path;
};

/* Where a library listens: it reports a URL or a port, and no path. */
struct bound {
    char url[URL_BYTES];
    unsigned port;
};

/* Start to serve at an address, and return. `bound` is all zero; start() writes into it
 * where the server listens, because the system chooses a port for port 0. */
struct server *start(const struct server_address *address, struct bound *bound);

/* Stop the server and free its memory. The thread that called start() calls this. */
void stop(struct server *server);

#endif
