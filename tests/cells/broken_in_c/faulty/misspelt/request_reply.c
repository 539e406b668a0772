/* Not C. */
#include "calling.h"

void serve(const char *address, handle_fn *handle)
{
    attend_all(address, serve_client, &handel);
}
