// How the loops of this target are compiled: which functions exist for several instruction sets,
// and what the vectoriser may assume. Everything expands to plain C where the compiler or the
// platform lacks the feature.
#pragma once

#include <stdint.h>
#include <stddef.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

// One copy of the function for AVX-512, one for AVX2 with FMA, one for any x86-64; the loader
// picks. It needs indirect functions: glibc has them, and the thread sanitiser cannot run their
// resolvers.
#if defined(__clang__) && defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) \
    && !__has_feature(thread_sanitizer)
#define KNAS_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KNAS_CLONES
#endif

// Whatever a cloned function calls has to be part of its body: a function of its own would be
// compiled for the plainest instruction set and called once an element.
#define KNAS_INLINE static inline __attribute__((always_inline))

// The iterations are independent, so no run-time test of overlap, which would send every in-place
// call to scalar code. Only identical or disjoint arrays are passed.
#if defined(__clang__)
#define KNAS_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define KNAS_LOOP
#endif

// At the head of a block that sums: the terms may be grouped in vector lanes. The grouping depends
// on the count alone. Never used where an algorithm relies on the order of operations.
#if defined(__clang__)
#define KNAS_REASSOCIATE _Pragma("clang fp reassociate(on)")
#else
#define KNAS_REASSOCIATE
#endif

// out[i] (+)= value for i in 0 ..< count; `value` is an expression in i. The test of `accumulate`
// stays outside the loops.
#define KNAS_EACH(i, count, accumulate, out, value) \
    do { \
        if (accumulate) { \
            KNAS_LOOP for (int64_t i = 0; i < (count); i++) (out)[i] += (value); \
        } else { \
            KNAS_LOOP for (int64_t i = 0; i < (count); i++) (out)[i] = (value); \
        } \
    } while (0)
