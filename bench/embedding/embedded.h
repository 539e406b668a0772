/* What a program that already runs asks of an embedded server in C. */
#ifndef NOMIDDLE_EMBEDDED_H
#define NOMIDDLE_EMBEDDED_H

enum { ADDRESS_BYTES = 256 };

struct server;

/* Serve at an address, and return while that goes on. Says in `bound` where: with port 0
 * the system has chosen one. */
struct server *start(const char *address, char bound[ADDRESS_BYTES]);

/* Serve no more, and free what that took. Called by the thread that started it. */
void stop(struct server *server);

#endif
