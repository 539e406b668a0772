/* There is nobody to serve. */
#include "calling.h"

static attend_fn *const not_used = serve_client;

void offer(const char *address, handle_fn *handle)
{
    attend_all(address, not_used, &handle);
}
