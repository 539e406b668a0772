/* A crowd that speaks ZMTP as SUB sockets do (RFC 29 of rfc.zeromq.org).
 *
 * In ZMTP 3.0 a subscription is a message: a byte 1, and the prefix, which is empty here.
 */
#include "subscribers.h"
#include "zmtp.h"

static size_t hello(unsigned char *out, const char *authority)
{
    (void)authority;
    return hello_of("SUB", out);
}

static size_t subscription(unsigned char *out)
{
    const unsigned char frame[] = {0, 1, 1};
    memcpy(out, frame, sizeof frame);
    return sizeof frame;
}

const bool holds_connections = true;

void subscribe(const char *address, take_fn *take_message)
{
    (void)take_message; /* which knows no connections */
    const struct wire wire = {.hello = hello,
                              .greeting = greeting,
                              .subscription = subscription,
                              .message = single};
    run_subscribers(&wire, address);
}
