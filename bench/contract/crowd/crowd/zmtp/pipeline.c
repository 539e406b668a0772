/* A crowd that speaks ZMTP as PULL and PUSH sockets do (RFC 30 of rfc.zeromq.org). */
#include "workers.h"
#include "zmtp.h"

static size_t pull(unsigned char *out, const char *authority)
{
    (void)authority;
    return hello_of("PULL", out);
}

static size_t push(unsigned char *out, const char *authority)
{
    (void)authority;
    return hello_of("PUSH", out);
}

const bool holds_connections = true;

void work(const char *source, const char *sink, handle_fn *handle)
{
    const struct wire tasks_wire = {
        .hello = pull, .greeting = greeting, .message = single};
    const struct wire results_wire = {
        .hello = push, .greeting = greeting, .head = frame_head};
    run_workers(&tasks_wire, source, &results_wire, sink, handle);
}
