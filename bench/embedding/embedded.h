/* What a program that already runs asks of an embedded server in C. */
#ifndef NOMIDDLE_EMBEDDED_H
#define NOMIDDLE_EMBEDDED_H

enum { URL_BYTES = 256 };

struct server;

/* Where to serve, as libraries take it: some a URL, most host and port, as getaddrinfo()
 * has them, or a path. What is not in the URL is NULL. */
struct server_address {
    const char *url, *host, *port, *path;
};

/* What a library says of where it listens: a URL or a port, and nothing of a path. */
struct bound {
    char url[URL_BYTES];
    unsigned port;
};

/* Serve at an address, and return while that goes on. Says in `bound`, which is zero, where
 * that is: with port 0 the system has chosen one. */
struct server *start(const struct server_address *address, struct bound *bound);

/* Serve no more, and free what that took. Called by the thread that started it. */
void stop(struct server *server);

#endif
