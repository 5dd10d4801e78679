// A FastCGI application on libfcgi that does no work: it reads each request and gives the answer
// of a lock that was granted. What it reaches behind Holdfast's nginx is the limit for Holdfast.
//
//   echo serve     listens on the Unix socket $HOLDFAST_LISTEN, as `holdfast serve` does
//   echo migrate   does nothing
//
// So deploy/run can run it in place of Holdfast, behind the same configuration of nginx. Every
// thread has one FCGX_Request. A kept-alive connection keeps its thread, so there must be more
// threads than nginx has connections.

#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { THREADS = 128, BACKLOG = 4096 };

static const char ANSWER[] =
    "Content-Type: application/json\r\nContent-Length: 105\r\n\r\n"
    "{\"message\":\"Tickets blocked\",\"status\":200,"
    "\"data\":{\"valido\":true,\"tickets\":[\"E1-10000000\",\"E1-10000001\"]}}";

static int listener;

static void *serve(void *unused) {
    (void)unused;
    FCGX_Request request;
    char body[65536];
    if (FCGX_InitRequest(&request, listener, 0) != 0) exit(1);
    while (FCGX_Accept_r(&request) == 0) {
        while (FCGX_GetStr(body, sizeof body, request.in) == sizeof body) {}
        FCGX_PutStr(ANSWER, sizeof ANSWER - 1, request.out);
        FCGX_Finish_r(&request);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "migrate")) return 0;
    const char *path = getenv("HOLDFAST_LISTEN");
    if (argc != 2 || strcmp(argv[1], "serve") || !path) {
        fprintf(stderr, "usage: HOLDFAST_LISTEN=/path/to/socket echo serve\n");
        return 2;
    }
    if (FCGX_Init() != 0) return 1;
    signal(SIGTERM, SIG_DFL);  // libfcgi's own handler would only note that it was told to end
    listener = FCGX_OpenSocket(path, BACKLOG);
    if (listener < 0 || chmod(path, 0666) != 0) return 1;
    pthread_t thread;
    for (int i = 1; i < THREADS; i++)
        if (pthread_create(&thread, NULL, serve, NULL) != 0) return 1;
    serve(NULL);
    return 1;
}
