#include <fcgiapp.h>
// Not in Swift's Glibc module: the readiness calls that idle connections wait in.
#include <sys/epoll.h>
#include <sys/eventfd.h>
