// Linux's own calls, which are not in Swift's Glibc module.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

// Declared by <sys/socket.h> and <sys/mman.h> for _GNU_SOURCE only, which is too late to define here.
int accept4(int descriptor, struct sockaddr *address, socklen_t *bytes, int flags);
int memfd_create(const char *name, unsigned int flags);
enum { HOLDFAST_MFD_CLOEXEC = 1 };

// Of <sched.h>, likewise. An int, as sched_setscheduler takes it.
static const int HOLDFAST_SCHED_BATCH = 3;
