/* An echo server over FastCGI, which needs an HTTP server in front of it.
 *
 * It listens at the path of a Unix socket, and serves one request after the other.
 */
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>

enum { WAITING = 100 };

static char *body_of(FCGX_Request *request, int *size)
{
    const char *length = FCGX_GetParam("CONTENT_LENGTH", request->envp);
    const int wanted = length ? atoi(length) : 0;
    char *body = malloc(wanted + 1);
    *size = body ? FCGX_GetStr(body, wanted, request->in) : 0;
    return body;
}

int main(int count, char **words)
{
    FCGX_Request request;
    if (count != 2 || FCGX_Init())
        return EXIT_FAILURE;
    const int listener = FCGX_OpenSocket(words[1], WAITING);
    if (listener < 0 || FCGX_InitRequest(&request, listener, 0))
        return EXIT_FAILURE;
    puts("listens");
    fflush(stdout);
    while (FCGX_Accept_r(&request) == 0) {
        int size;
        char *body = body_of(&request, &size);
        FCGX_FPrintF(request.out, "Content-Length: %d\r\n\r\n", size);
        FCGX_PutStr(body, size, request.out);
        FCGX_Finish_r(&request);
        free(body);
    }
    return EXIT_FAILURE;
}
