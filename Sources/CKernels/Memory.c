// What the C library's allocator does with blocks that are freed.

#include "CKernels.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void knas_return_freed_memory(void) {
#if defined(__GLIBC__)
    // Setting either threshold also ends glibc's habit of raising both with the largest block freed so
    // far (up to 32 MiB), after which the arenas of the threads keep what the matrices leave behind.
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}
