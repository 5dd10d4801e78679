// Linux's own calls, which are not in Swift's Glibc module.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// Declared by <sys/socket.h> for _GNU_SOURCE only, which is too late to define here.
int accept4(int descriptor, struct sockaddr *address, socklen_t *bytes, int flags);
